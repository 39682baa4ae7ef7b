import { type Kernel, type Target, toTasks } from '@stint/engine'
import {
  allocate,
  bytesOf,
  evaluate,
  type Graph,
  isFloat,
  sizeOf,
  type Traceable,
  type Type,
  type TypedArray,
  trace,
  viewOf,
} from '@stint/graph'
import { pageBytes } from '../asm/index.ts'
import { designKernel } from '../code.ts'
import { encodePhases, phaseImports } from '../compile.ts'
import { costs } from '../costs.ts'
import type { VariantDesign } from '../design.ts'

type PhaseCall = (record: number, part: number, parts: number, slot: number) => void

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

function targetFor({ threads = 1, relaxed = false }: RunOptions): Target {
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
  readonly #slots: number

  constructor(kernel: Kernel, operands: readonly TypedArray[], options: RunOptions = {}) {
    const { parts = options.threads ?? 1, relaxed = false, poison = 0xff, inPlace = false } = options
    this.kernel = kernel
    this.#parts = parts
    this.#slots = options.threads ?? 1
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
      for (let part = this.#parts - 1; part >= 0; part--)
        phase(this.#record, part, this.#parts, (part * 5) % this.#slots)
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

/**
 * Runs a graph kernel by kernel, each in a memory of its own, and checks that only results and workspace change. Gives
 * the outputs by name.
 */
function execute(
  graph: Graph,
  inputs: Readonly<Record<string, TypedArray>>,
  options: RunOptions & { readonly fusion?: boolean } = {},
): Record<string, TypedArray> {
  const tasks = toTasks(graph, { fusion: options.fusion ?? true })
  const values = new Map<number, TypedArray>()
  for (const { name, value } of graph.inputs) values.set(value, inputs[name]!)
  for (const { value, bytes } of graph.constants) {
    const { dtype, shape } = graph.values[value]!
    values.set(value, viewOf(dtype, bytes.slice().buffer, 0, sizeOf(shape)))
  }
  for (const { run, reads, writes } of tasks.tasks) {
    if (!('kernel' in run)) throw new Error('no loops here')
    const bench = new Bench(
      tasks.kernels[run.kernel]!,
      reads.map(v => values.get(v)!),
      options,
    )
    const before = new Uint8Array(bench.memory.buffer.slice(0))
    bench.run()
    if (Buffer.compare(bench.untouched(before), before) !== 0)
      throw new Error(`${bench.kernel.signature} writes elsewhere`)
    for (const [i, result] of bench.results().entries()) values.set(writes[i]!, result)
  }
  return Object.fromEntries(tasks.outputs.map(({ name, value }) => [name, values.get(value)!]))
}

/** A number that follows from `i` and `seed` alone, in [−1, 1). */
export function noise(i: number, seed: number): number {
  let x = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 31 - 1
}

const oddities = [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, -0, 0.5, 0.5, 1e-42]

/** Scattered numbers for every input of a graph; indices (i32) lie in [−1, `below`]. */
function feed(graph: Graph, { below = 8, wild = false }: CheckOptions = {}): Record<string, TypedArray> {
  return Object.fromEntries(
    graph.inputs.map(({ name, value }, seed) => {
      const { dtype, shape } = graph.values[value]!
      const array = allocate(dtype, sizeOf(shape))
      for (let i = 0; i < array.length; i++) {
        const x = noise(i, seed)
        const odd = wild && x > 0.4 ? oddities[Math.floor(((x - 0.4) / 0.6) * oddities.length)] : undefined
        array[i] =
          dtype === 'i32'
            ? Math.floor(((x + 1) / 2) * (below + 2)) - 1
            : isFloat(dtype)
              ? (odd ?? x)
              : 200 * x
      }
      return [name, array]
    }),
  )
}

/** The bits of an array, every NaN alike. */
export function bitsOf(array: TypedArray): Uint8Array {
  const x = array.slice()
  for (let i = 0; i < x.length; i++) if (Number.isNaN(x[i])) x[i] = Number.NaN
  return new Uint8Array(x.buffer, x.byteOffset, x.byteLength)
}

export interface CheckOptions {
  /** Greatest difference to the reference, relative to the greatest of its numbers; 0 asks for equal bits. */
  readonly tolerance?: number
  /** Feed NaN, infinities and zeros of both signs, too. */
  readonly wild?: boolean
  /** Bound of fed indices. */
  readonly below?: number
}

/**
 * Traces a function, runs it fused and node by node, in one part and in several, in place and not: the bits must be the
 * same, and near the reference evaluator's numbers.
 */
export function check(fn: Traceable, types: readonly Type[], options: CheckOptions = {}): void {
  const { graph } = trace(fn, types)
  const inputs = feed(graph, options)
  const expected = evaluate(graph, { inputs }).outputs
  const first = execute(graph, inputs)
  for (const { name } of graph.outputs) near(first[name]!, expected[name]!, options.tolerance ?? 1e-5, name)
  const ways: (RunOptions & { readonly fusion?: boolean })[] = [
    { threads: 2, poison: 0x7f },
    { threads: 3, parts: 3, inPlace: true },
    { threads: 7, parts: 2 },
    { threads: 2, parts: 8 },
    { inPlace: true },
    { fusion: false },
  ]
  for (const way of ways) {
    const other = execute(graph, inputs, way)
    for (const { name } of graph.outputs)
      if (Buffer.compare(bitsOf(other[name]!), bitsOf(first[name]!)) !== 0)
        throw new Error(
          `${name} differs: ${JSON.stringify(way)} ${firstDifference(other[name]!, first[name]!)}`,
        )
  }
}

function firstDifference(a: TypedArray, b: TypedArray): string {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return `at ${i}: ${a[i]}, not ${b[i]}`
  return ''
}

function near(got: TypedArray, expected: TypedArray, tolerance: number, name: string): void {
  if (tolerance === 0) {
    if (Buffer.compare(bitsOf(got), bitsOf(expected)) !== 0)
      throw new Error(`${name} differs: ${firstDifference(got, expected)}`)
    return
  }
  let most = 1e-30
  for (const x of expected) most = Math.max(most, Math.abs(x))
  for (let i = 0; i < expected.length; i++)
    if (!(Math.abs(got[i]! - expected[i]!) <= tolerance * most))
      throw new Error(`${name} at ${i}: ${got[i]}, expected ${expected[i]}`)
}
