import { allocate, type DType, type TypedArray } from '../dtype.ts'
import { trace } from '../trace/trace.ts'
import type { Value } from '../trace/value.ts'
import { type Shape, sizeOf } from '../type.ts'
import { evaluate } from './evaluate.ts'

/** An argument of a test: numbers, row-major, with their shape and dtype. */
export interface Argument {
  readonly data: readonly number[]
  readonly shape: Shape
  readonly dtype: DType
}

/** An f64 argument; a list without a shape is a vector. */
export function arg(data: readonly number[], shape: Shape = [data.length], dtype: DType = 'f64'): Argument {
  return { data, shape, dtype }
}

/** Numbers from −3 to 3 in steps of 1/4, scattered: sums and products of a few are exact, and neighbours differ. */
export function scattered(shape: Shape, seed = 1, dtype: DType = 'f64'): Argument {
  const data = Array.from({ length: sizeOf(shape) }, (_, i) => ((((i + seed) * 7919) % 25) - 12) / 4)
  return { data, shape, dtype }
}

/** Traces `fn` on arguments of these types and evaluates it; the first result, its shape beside it. */
export function run(
  fn: (...x: Value[]) => Value,
  ...args: readonly Argument[]
): { data: number[]; shape: Shape; dtype: DType } {
  const { graph } = trace(
    fn,
    args.map(({ dtype, shape }) => ({ dtype, shape })),
  )
  const inputs: Record<string, TypedArray> = {}
  for (const [i, { data, shape, dtype }] of args.entries()) {
    const array = allocate(dtype, sizeOf(shape))
    array.set(data)
    inputs[i] = array
  }
  const output = graph.outputs[0]
  if (output === undefined) throw new Error('the function gives nothing')
  const type = graph.values[output.value]
  if (type === undefined) throw new Error('the output has no type')
  return { data: [...(evaluate(graph, { inputs }).outputs[output.name] ?? [])], ...type }
}

/** The numbers of `run` alone. */
export function values(fn: (...x: Value[]) => Value, ...args: readonly Argument[]): number[] {
  return run(fn, ...args).data
}
