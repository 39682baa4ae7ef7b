import { toTasks } from '@stint/engine'
import {
  allocate,
  type DType,
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
import { expectNear, expectSame, type Tolerance } from './compare.ts'
import { runKernel } from './run.ts'

/** Numbers that a test feeds, with what floats have beside numbers where `wild`; and how near the results must be. */
export interface Feed extends Tolerance {
  readonly wild?: boolean
  readonly seed?: number
  /** Integers from 0 to below this. */
  readonly below?: number
  /** Floats from −scale to scale, 2 unless given. */
  readonly scale?: number
}

/** A number that follows from `i` and `seed` alone, in [0, 1). */
function noise(i: number, seed: number): number {
  let x = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32
}

const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-42, 1e38, -1e38]

/** An array of this type, full of scattered numbers. */
export function arrayOf(type: Type, feed: Feed = {}): TypedArray {
  const array = allocate(type.dtype, sizeOf(type.shape))
  for (let i = 0; i < array.length; i++) array[i] = numberOf(type.dtype, i, feed)
  return array
}

function numberOf(dtype: DType, i: number, { seed = 0, wild = false, below, scale = 2 }: Feed): number {
  const x = noise(i, seed)
  if (dtype === 'bool') return x < 0.5 ? 0 : 1
  if (isFloat(dtype))
    return wild && x < 0.3 ? odd[Math.floor((x / 0.3) * odd.length)]! : (x - 0.5) * 2 * scale
  if (below !== undefined) return Math.floor(x * below)
  return wild ? Math.floor((x - 0.5) * 2 ** 33) : Math.floor((x - 0.5) * 20)
}

/** Traces `fn`, runs it fused and node by node, and compares every output with the reference evaluator. */
export async function check(fn: Traceable, types: readonly Type[], feed: Feed = {}): Promise<void> {
  const { graph } = trace(fn, types)
  const inputs: Record<string, TypedArray> = {}
  for (const [i, { name, value }] of graph.inputs.entries())
    inputs[name] = arrayOf(graph.values[value]!, { ...feed, seed: (feed.seed ?? 0) + i })
  await checkGraph(graph, inputs, feed)
}

/** The same for a graph: equal bits, unless a tolerance is given. */
async function checkGraph(
  graph: Graph,
  inputs: Readonly<Record<string, TypedArray>>,
  tolerance: Tolerance = {},
): Promise<void> {
  const expected = evaluate(graph, { inputs }).outputs
  const exact = tolerance.ulp === undefined && tolerance.absolute === undefined
  for (const fusion of [true, false]) {
    const got = await execute(graph, inputs, fusion)
    for (const { name } of graph.outputs) {
      const what = `${name}, ${fusion ? 'fused' : 'node by node'}`
      if (exact) expectSame(got[name]!, expected[name]!, what)
      else expectNear(got[name]!, expected[name]!, tolerance, what)
    }
  }
}

/** Every kernel of a graph, one after the other. */
async function execute(
  graph: Graph,
  inputs: Readonly<Record<string, TypedArray>>,
  fusion: boolean,
): Promise<Record<string, TypedArray>> {
  const tasks = toTasks(graph, { fusion })
  const values = new Map<number, TypedArray>()
  for (const { name, value } of graph.inputs) values.set(value, inputs[name]!)
  for (const { value, bytes } of graph.constants) {
    const { dtype, shape } = graph.values[value]!
    values.set(value, viewOf(dtype, bytes.slice().buffer, 0, sizeOf(shape)))
  }
  for (const { run, reads, writes, offsets } of tasks.tasks) {
    if (!('kernel' in run)) throw new Error('no loops here')
    const kernel = tasks.kernels[run.kernel]!
    const operands = reads.map((v, i) => part(values.get(v)!, offsets?.[i] ?? 0, kernel.operands[i]!))
    const results = await runKernel(kernel, operands)
    for (const [i, v] of writes.entries()) values.set(v, results[i]!)
  }
  return Object.fromEntries(tasks.outputs.map(({ name, value }) => [name, values.get(value)!]))
}

/** The elements of an operand that begins some bytes behind the start of a value. */
function part(array: TypedArray, offset: number, { dtype, shape }: Type): TypedArray {
  return viewOf(dtype, array.buffer, array.byteOffset + offset, sizeOf(shape))
}
