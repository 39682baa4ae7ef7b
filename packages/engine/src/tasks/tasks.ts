import { type Graph, opDef, type Site, type Type, type ValueId } from '@stint/graph'
import { cluster } from '../fuse/merge.ts'
import { Uses } from '../fuse/uses.ts'
import { type Kernel, kernelOf, sealed } from '../kernel/kernel.ts'

/** One use of a kernel or of a loop; reads and writes by position. */
export interface Task {
  readonly run: { readonly kernel: number } | { readonly loop: number }
  readonly reads: readonly ValueId[]
  /** Bytes from the start of each value read to where the kernel's operand begins; absent where all are zero. */
  readonly offsets?: readonly number[]
  readonly writes: readonly ValueId[]
  readonly sites: readonly Site[]
  /** True if a result must not be computed twice. */
  readonly once: boolean
  /** The `checkpoint` region that its results belong to. */
  readonly region?: string
}

/** A loop over steps: its body has value ids of its own and is planned on its own. */
export interface Loop {
  readonly length: number
  readonly reverse: boolean
  readonly chunk: number
  readonly body: readonly Task[]
  readonly carries: readonly (readonly [init: ValueId, next: ValueId])[]
  readonly perStep: readonly ValueId[]
  readonly stacked: readonly ValueId[]
}

/** The graph as tasks: what is executed at once, over the values that are stored. */
export interface TaskGraph {
  readonly graph: Graph
  /** Types by value: the graph's values, then copies that the engine added. */
  readonly values: readonly Type[]
  readonly kernels: readonly Kernel[]
  readonly loops: readonly Loop[]
  /** In an order that respects reads. */
  readonly tasks: readonly Task[]
  /** What each changing state becomes; every `next` is written by a task and serves one buffer. */
  readonly next: readonly { readonly path: string; readonly value: ValueId; readonly next: ValueId }[]
  readonly outputs: readonly { readonly name: string; readonly value: ValueId }[]
}

/** Splits a graph into tasks. Without `fusion` every node is a task of its own, which is how fusion is tested. */
export function toTasks(graph: Graph, options: { readonly fusion?: boolean } = {}): TaskGraph {
  const uses = new Uses(graph)
  const pool = new KernelPool()
  const tasks = cluster(uses, options.fusion ?? true).map(
    ({ region, reads, offsets, writes, nodes }): Task => {
      const list = nodes.map(index => graph.nodes[index]!)
      const { region: within } = uses.hints(writes[0]!)
      return {
        run: { kernel: pool.add(sealed(region)) },
        reads,
        ...(offsets.some(n => n > 0) && { offsets }),
        writes,
        sites: distinctSites(list.flatMap(n => (n.site === undefined ? [] : [n.site]))),
        once: list.some(n => opDef(n.op).recompute === 'never' || n.hints?.keep === true),
        ...(within !== undefined && { region: within }),
      }
    },
  )
  return { graph, loops: [], ...withCopies(graph, uses, pool, tasks) }
}

/** The identity. */
export function copyKernel(type: Type): Kernel {
  return kernelOf([type], [], [0])
}

/** Kernels by signature. */
class KernelPool {
  readonly list: Kernel[] = []
  readonly #index = new Map<string, number>()

  add(kernel: Kernel): number {
    const known = this.#index.get(kernel.signature)
    if (known !== undefined) return known
    this.#index.set(kernel.signature, this.list.length)
    return this.list.push(kernel) - 1
  }
}

/**
 * Adds identity tasks where the successor of a state has no task of its own, or serves two buffers, and where an output
 * is the old content of a state that changes.
 */
function withCopies(
  graph: Graph,
  uses: Uses,
  pool: KernelPool,
  fused: readonly Task[],
): Pick<TaskGraph, 'values' | 'kernels' | 'tasks' | 'next' | 'outputs'> {
  const values = [...graph.values]
  const tasks = [...fused]
  const copy = (from: ValueId): ValueId => {
    const type = values[from]!
    const to = values.push(type) - 1
    tasks.push({
      run: { kernel: pool.add(copyKernel(type)) },
      reads: [from],
      writes: [to],
      sites: [],
      once: false,
    })
    return to
  }
  const changing = graph.state.filter(s => s.next !== undefined && s.next !== s.value)
  // A plan may commit any successor by a copy, so its kernel is prepared with the others.
  for (const s of changing) pool.add(copyKernel(values[s.value]!))
  const taken = new Set<ValueId>()
  const next = changing.map(s => {
    const own = s.next!
    const usable = uses.producer[own]! >= 0 && !taken.has(own)
    if (usable) taken.add(own)
    return { path: s.path, value: s.value, next: usable ? own : copy(own) }
  })
  const old = new Set(changing.map(s => s.value))
  const outputs = graph.outputs.map(o => ({
    name: o.name,
    value: old.has(o.value) ? copy(o.value) : o.value,
  }))
  return { values, kernels: pool.list, tasks, next, outputs }
}

function distinctSites(sites: readonly Site[]): Site[] {
  const found = new Map<string, Site>()
  for (const s of sites) found.set(`${s.path}#${s.call}|${s.file}:${s.line}`, s)
  return [...found.values()]
}
