import { type Kernel, type KernelInfo, type Program, toTasks } from '@stint/engine'
import {
  allocate,
  bytesOf,
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
import { expect } from 'vitest'
import { cpu } from '../cpu.ts'

const backend = cpu()
const target = await backend.target()

/** Numbers that a test feeds: of any kind, with what floats have beside numbers where `wild`. */
export interface Feed {
  readonly wild?: boolean
  readonly seed?: number
  /** Integers from 0 to below this. */
  readonly below?: number
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
export function arrayOf(type: Type, { wild = false, seed = 0, below }: Feed = {}): TypedArray {
  const array = allocate(type.dtype, sizeOf(type.shape))
  for (let i = 0; i < array.length; i++) array[i] = numberOf(type.dtype, i, seed, wild, below)
  return array
}

function numberOf(dtype: DType, i: number, seed: number, wild: boolean, below: number | undefined): number {
  const x = noise(i, seed)
  if (dtype === 'bool') return x < 0.5 ? 0 : 1
  if (isFloat(dtype)) return wild && x < 0.3 ? odd[Math.floor((x / 0.3) * odd.length)]! : (x - 0.5) * 4
  if (below !== undefined) return Math.floor(x * below)
  return wild ? Math.floor((x - 0.5) * 2 ** 33) : Math.floor((x - 0.5) * 20)
}

/** Throws unless both arrays have the same bits, every NaN alike: engines do not say which NaN an operation gives. */
function expectSame(got: TypedArray, expected: TypedArray, what: string): void {
  const differs = (i: number): boolean => !Object.is(got[i], expected[i])
  let first = got.length === expected.length ? 0 : -1
  while (first >= 0 && first < got.length && !differs(first)) first++
  if (first !== got.length)
    expect.fail(`${what}: element ${first} of ${expected.length} is ${got[first]}, not ${expected[first]}`)
}

/** Traces `fn`, runs it fused and unfused, and compares every bit of every output with the reference evaluator. */
export async function check(fn: Traceable, types: readonly Type[], feed: Feed = {}): Promise<void> {
  const { graph } = trace(fn, types)
  const inputs: Record<string, TypedArray> = {}
  for (const [i, { name, value }] of graph.inputs.entries())
    inputs[name] = arrayOf(graph.values[value]!, { ...feed, seed: (feed.seed ?? 0) + i })
  await checkGraph(graph, inputs)
}

async function checkGraph(graph: Graph, inputs: Readonly<Record<string, TypedArray>>): Promise<void> {
  const expected = evaluate(graph, { inputs }).outputs
  for (const fusion of [true, false]) {
    const got = await execute(graph, inputs, fusion)
    for (const { name } of graph.outputs) {
      const what = `${name}, ${fusion ? 'fused' : 'node by node'}`
      expectSame(got[name]!, expected[name]!, what)
    }
  }
}

/** Every kernel of a graph, one after the other, each in an arena of its own. */
async function execute(
  graph: Graph,
  inputs: Readonly<Record<string, TypedArray>>,
  fusion: boolean,
): Promise<Record<string, TypedArray>> {
  const tasks = toTasks(graph, { fusion })
  const infos = backend.prepare(tasks.kernels, target)
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
    const results = await runKernel(kernel, infos[run.kernel]!, operands)
    for (const [i, v] of writes.entries()) values.set(v, results[i]!)
  }
  return Object.fromEntries(tasks.outputs.map(({ name, value }) => [name, values.get(value)!]))
}

/** The elements of an operand that begins some bytes behind the start of a value. */
function part(array: TypedArray, offset: number, { dtype, shape }: Type): TypedArray {
  return viewOf(dtype, array.buffer, array.byteOffset + offset, sizeOf(shape))
}

/**
 * The results of a kernel. Runs it on memory poisoned with two patterns, and once with results in the place of operands
 * where the backend permits it; nothing but results and workspace may change, and the results must be the same.
 */
async function runKernel(
  kernel: Kernel,
  info: KernelInfo,
  operands: readonly TypedArray[],
): Promise<TypedArray[]> {
  const first = await attempt(kernel, info, operands, 0xff, false)
  for (const [pattern, inPlace] of [
    [0x7f, false],
    [0xff, true],
  ] as const) {
    const other = await attempt(kernel, info, operands, pattern, inPlace)
    const what = `${kernel.signature}${inPlace ? ' in place' : ''}`
    for (const [i, result] of first.entries()) expectSame(other[i]!, result, what)
  }
  return first
}

async function attempt(
  kernel: Kernel,
  info: KernelInfo,
  operands: readonly TypedArray[],
  pattern: number,
  inPlace: boolean,
): Promise<TypedArray[]> {
  const { workspaceBytes, inPlace: pairs } = info.variants[0]!
  let top = 64
  const take = (bytes: number): number => {
    const at = top
    top += Math.ceil((bytes + 1) / 64) * 64
    return at
  }
  const places = kernel.operands.map(type => take(bytesOf(type)))
  const replaced = new Set<number>()
  const targets = kernel.results.map(({ type }, result) => {
    const pair = inPlace ? pairs.find(([o, r]) => r === result && !replaced.has(o)) : undefined
    if (pair === undefined) return take(bytesOf(type))
    replaced.add(pair[0])
    return places[pair[0]]!
  })
  const workspace = take(workspaceBytes)
  const program: Program = {
    name: 'test',
    target,
    arenaBytes: top,
    kernels: [kernel],
    state: [],
    constants: [],
    inputs: [],
    outputs: [],
    steps: [
      {
        kernel: 0,
        variant: 0,
        args: [...places, ...targets],
        ...(workspaceBytes > 0 && { workspace: [workspace, workspaceBytes] as const }),
      },
    ],
  }
  const arena = await backend.open(top, target)
  const before = new Uint8Array(top).fill(pattern)
  for (const [i, x] of operands.entries())
    before.set(new Uint8Array(x.buffer, x.byteOffset, x.byteLength), places[i]!)
  await arena.write(0, before)
  await (await arena.load(program)).run()
  const after = await arena.read(0, top)
  const results = kernel.results.map(({ type: { dtype, shape } }, i) =>
    viewOf(dtype, after.slice(targets[i]!).buffer, 0, sizeOf(shape)),
  )
  for (const [i, { type }] of kernel.results.entries()) {
    const [from, to] = [targets[i]!, targets[i]! + bytesOf(type)]
    after.set(before.subarray(from, to), from)
  }
  after.set(before.subarray(workspace, workspace + workspaceBytes), workspace)
  expect(Buffer.compare(after, before), `${kernel.signature} writes elsewhere`).toBe(0)
  return results
}
