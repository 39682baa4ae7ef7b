import { bytesOf, type OpName, opDef, showSite, type ValueId } from '@stint/graph'
import type { Dag } from '@stint/planner'
import type { KernelInfo, Target } from '../backend.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { checkpointsOf } from './checkpoints.ts'
import type { Task, TaskGraph } from './tasks.ts'

/** A value that is resident throughout a session: state by path, constants by content. */
export interface Pinned {
  readonly name: string
  readonly bytes: number
  readonly offset: number
}

/** The task DAG of a program, with the way back from its values to those of the graph. */
export interface ProgramDag {
  readonly dag: Dag
  /** DAG value → graph value; −1 for a pinned value of another program of the session. */
  readonly graphValueOf: readonly ValueId[]
  /** Graph value → DAG value. */
  readonly dagValueOf: ReadonlyMap<ValueId, number>
  readonly fixed: readonly (readonly [value: number, offset: number])[]
}

/**
 * The planner's view of a program: bytes, costs, reads and writes. Lists every pinned value of the session, read or
 * not, at its fixed place; `pinnedOf` gives the pinned value that holds a graph value.
 */
export function programDag(
  { graph, values, kernels, tasks, next, outputs }: TaskGraph,
  infos: readonly KernelInfo[],
  target: Target,
  pinned: readonly Pinned[],
  pinnedOf: ReadonlyMap<ValueId, number>,
): ProgramDag {
  const graphValueOf: ValueId[] = pinned.map(() => -1)
  const dagValueOf = new Map<ValueId, number>()
  for (const [value, index] of pinnedOf) {
    dagValueOf.set(value, index)
    graphValueOf[index] = value
  }
  const list: { bytes: number; name?: string; pinned?: boolean; input?: boolean }[] = pinned.map(p => ({
    bytes: p.bytes,
    name: p.name,
    pinned: true,
  }))
  const add = (v: ValueId, more: { name?: string; input?: boolean }): void => {
    dagValueOf.set(v, list.length)
    graphValueOf.push(v)
    list.push({ bytes: bytesOf(values[v]!), ...more })
  }
  for (const input of usedInputs({ graph, tasks, outputs }))
    add(input.value, { name: input.name, input: true })
  for (const task of tasks) for (const v of task.writes) add(v, { name: nameOf(task, v) })
  const id = (v: ValueId): number => dagValueOf.get(v)!
  const regions = checkpointsOf({ graph, tasks, next, outputs })
  const checkpoints = regions.map(c => ({ ...c, keeps: c.keeps.map(id) }))
  return {
    graphValueOf,
    dagValueOf,
    fixed: pinned.map((p, i) => [i, p.offset] as const),
    dag: {
      values: list,
      tasks: tasks.map(task => ({ name: taskName(task, kernels), ...dagTask(task, infos, id, list) })),
      next: next.map(n => ({
        pinned: id(n.value),
        value: id(n.next),
        copyCost: copyCost(list[id(n.next)]!.bytes, target),
      })),
      ...(checkpoints.length > 0 && { checkpoints }),
      outputs: [...new Set(outputs.map(o => id(o.value)))],
      align: target.align,
    },
  }
}

/** Inputs that something reads; the others are checked when fed, and dropped. */
export function usedInputs({
  graph,
  tasks,
  outputs,
}: Pick<TaskGraph, 'graph' | 'tasks' | 'outputs'>): TaskGraph['graph']['inputs'] {
  const read = new Set<ValueId>([...tasks.flatMap(t => t.reads), ...outputs.map(o => o.value)])
  return graph.inputs.filter(i => read.has(i.value))
}

/** Whole ns of moving a value. */
function copyCost(bytes: number, { costs }: Target): number {
  return Math.ceil(costs.step + (2 * bytes) / costs.bytes)
}

function nameOf(task: Task, v: ValueId): string {
  const path = task.sites.find(s => s.path !== '')?.path
  return path === undefined ? `%${v}` : `${path}.%${v}`
}

/** `model.ts:12`: the layer's line rather than one that only moves values. */
function siteOf({ sites }: Task): string | undefined {
  const site = sites.find(s => s.path !== '' && s.file !== undefined) ?? sites.find(s => s.file !== undefined)
  return site && `${site.file}:${site.line ?? 0}`
}

/** `conv add relu of block1.conv`: its ops, movement aside, and the first layer that it computes. */
function taskName({ run, sites }: Task, kernels: readonly Kernel[]): string {
  const all = (kernels[(run as { kernel: number }).kernel]?.body ?? []).map(n => n.op)
  const heavy = all.filter(op => opDef(op).kind !== 'movement')
  const ops = [...new Set<OpName | 'copy'>(heavy.length > 0 ? heavy : all)]
  const shown =
    ops.length === 0 ? 'copy' : ops.length > 4 ? [...ops.slice(0, 4), '…'].join(' ') : ops.join(' ')
  const site = sites.find(s => s.path !== '')
  return site === undefined ? shown : `${shown} of ${showSite({ path: site.path, call: site.call })}`
}

function dagTask(
  task: Task,
  infos: readonly KernelInfo[],
  id: (v: ValueId) => number,
  values: readonly { readonly bytes: number }[],
): Dag['tasks'][number] {
  if (!('kernel' in task.run)) throw new RangeError('loops are not planned yet')
  const { cost, workspaceBytes, inPlace } = infos[task.run.kernel]!.variants[0]!
  const allowed = new Set(inPlace.map(([operand, result]) => `${operand}:${result}`))
  const reads = [...new Set(task.reads.map(id))]
  const pairs: [number, number][] = []
  for (const place of reads)
    for (const [result, written] of task.writes.entries()) {
      const operands = task.reads.flatMap((v, i) => (id(v) === place ? [i] : []))
      const atStart = operands.every(o => (task.offsets?.[o] ?? 0) === 0)
      const fits = atStart && values[id(written)]!.bytes <= values[place]!.bytes
      if (fits && operands.every(o => allowed.has(`${o}:${result}`))) pairs.push([place, id(written)])
    }
  const site = siteOf(task)
  return {
    cost,
    reads,
    writes: task.writes.map(id),
    ...(site !== undefined && { site }),
    ...(workspaceBytes > 0 && { workspace: workspaceBytes }),
    ...(pairs.length > 0 && { inPlace: pairs }),
    ...(task.once && { once: true }),
  }
}
