import { type Kernel, type Target, toTasks } from '@stint/engine'
import { bytesOf, type Graph, sizeOf, type TypedArray, viewOf } from '@stint/graph'
import { pageBytes } from '../asm/index.ts'
import { designKernel } from '../code.ts'
import { encodePhases, phaseImports } from '../compile.ts'
import { costs } from '../costs.ts'
import type { VariantDesign } from '../design.ts'

type PhaseCall = (record: number, part: number, parts: number) => void

/** How a kernel is run: how many parts it is designed for, and in how many it runs. */
export interface RunOptions {
  readonly threads?: number
  readonly parts?: number
  readonly relaxed?: boolean
  /** Results take the place of operands where the design permits it. */
  readonly inPlace?: boolean
  /** What all bytes are that nothing wrote. */
  readonly poison?: number
}

export function targetFor({ threads = 1, relaxed = false }: RunOptions): Target {
  return { backend: 'wasm', numerics: 1, threads, align: 64, features: { simd: true, relaxed }, costs }
}

/** A kernel laid out in a memory of its own; `run` runs its phases, part by part. */
export class Bench {
  readonly memory: WebAssembly.Memory
  readonly design: VariantDesign
  readonly kernel: Kernel
  readonly places: readonly number[]
  readonly targets: readonly number[]
  readonly workspace: number
  readonly #phases: readonly PhaseCall[]
  readonly #record: number
  readonly #parts: number

  constructor(kernel: Kernel, operands: readonly TypedArray[], options: RunOptions = {}) {
    const { parts = options.threads ?? 1, relaxed = false, poison = 0xff, inPlace = false } = options
    this.kernel = kernel
    this.#parts = parts
    this.design = designKernel(kernel, { target: targetFor(options), relaxed }).variants[0]!
    let top = 64
    const take = (bytes: number): number => {
      const at = top
      top += Math.ceil((bytes + 1) / 64) * 64
      return at
    }
    this.places = kernel.operands.map(t => take(bytesOf(t)))
    const replaced = new Set<number>()
    this.targets = kernel.results.map(({ type }, result) => {
      const pair = inPlace && this.design.inPlace.find(([o, r]) => r === result && !replaced.has(o))
      if (!pair) return take(bytesOf(type))
      replaced.add(pair[0])
      return this.places[pair[0]]!
    })
    this.workspace = take(this.design.workspaceBytes)
    this.#record = take(4 * (1 + this.places.length + this.targets.length))
    this.memory = new WebAssembly.Memory({ initial: Math.ceil((top + 16) / pageBytes) })
    new Uint8Array(this.memory.buffer).fill(poison)
    for (const [i, x] of operands.entries())
      new Uint8Array(this.memory.buffer).set(
        new Uint8Array(x.buffer, x.byteOffset, x.byteLength),
        this.places[i]!,
      )
    const record = [this.workspace, ...this.places, ...this.targets]
    new Int32Array(this.memory.buffer, this.#record, record.length).set(record)
    const module = new WebAssembly.Module(encodePhases([this.design.phases], { relaxed, shared: false }))
    const { exports } = new WebAssembly.Instance(module, phaseImports(this.memory))
    this.#phases = this.design.phases.map((_, i) => exports[`p${i}`] as PhaseCall)
  }

  run(): void {
    // Parts run last to first: nothing may depend on their order.
    for (const phase of this.#phases)
      for (let part = this.#parts - 1; part >= 0; part--) phase(this.#record, part, this.#parts)
  }

  results(): TypedArray[] {
    return this.kernel.results.map(({ type: { dtype, shape } }, i) =>
      viewOf(dtype, this.memory.buffer.slice(this.targets[i]!), 0, sizeOf(shape)),
    )
  }

  /** The bytes of memory with those of results and workspace replaced by `before`'s: what must not have changed. */
  untouched(before: Uint8Array): Uint8Array {
    const after = new Uint8Array(this.memory.buffer.slice(0))
    const restore = (at: number, bytes: number): void => after.set(before.subarray(at, at + bytes), at)
    for (const [i, { type }] of this.kernel.results.entries()) restore(this.targets[i]!, bytesOf(type))
    restore(this.workspace, this.design.workspaceBytes)
    return after
  }
}

/** The only kernel of a graph. Throws if there are several. */
export function onlyKernel(graph: Graph): Kernel {
  const { kernels } = toTasks(graph)
  if (kernels.length !== 1) throw new Error(`${kernels.length} kernels`)
  return kernels[0]!
}
