import {
  allocate,
  type DType,
  evaluate,
  type Graph,
  isFloat,
  type Shape,
  sizeOf,
  type Tree,
  type TypedArray,
  trace,
  type Value,
} from '@stint/graph'

/** An argument of a test: numbers, row-major, with their shape and dtype. */
export interface Arg {
  readonly data: readonly number[]
  readonly shape: Shape
  readonly dtype: DType
}

/** A function of traced values that gives one value. */
export type Fn = (...x: Value[]) => Value

/** An f64 argument; a list without a shape is a vector. */
export function arg(data: readonly number[], shape: Shape = [data.length], dtype: DType = 'f64'): Arg {
  return { data, shape, dtype }
}

/** Scattered numbers between `low` and `high`, by a linear congruential generator. */
export function random(shape: Shape, seed: number, low = -2, high = 2): Arg {
  let word = (seed * 0x9e3779b1) >>> 0
  const data = Array.from({ length: sizeOf(shape) }, () => {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0
    return low + (high - low) * (word / 2 ** 32)
  })
  return arg(data, shape)
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0)
}

/** The largest magnitude in a list, at least 1: what differences are measured against. */
export function scaleOf(...lists: readonly (readonly number[])[]): number {
  return Math.max(1, ...lists.flat().map(Math.abs))
}

/** A traced function that is evaluated on many arguments of one type. */
export interface Compiled {
  readonly graph: Graph
  /** Numbers of every output, in order. */
  run(...args: readonly Arg[]): number[][]
}

export function compile(fn: (...x: Value[]) => Tree<Value>, like: readonly Arg[]): Compiled {
  const { graph } = trace(
    fn,
    like.map(({ dtype, shape }) => ({ dtype, shape })),
  )
  const run = (...args: readonly Arg[]): number[][] => {
    const inputs: Record<string, TypedArray> = {}
    for (const [i, { data, shape, dtype }] of args.entries()) {
      const array = allocate(dtype, sizeOf(shape))
      array.set(data)
      inputs[i] = array
    }
    const { outputs } = evaluate(graph, { inputs })
    return graph.outputs.map(({ name }) => [...(outputs[name] as TypedArray)])
  }
  return { graph, run }
}

/** Traces `fn` on arguments of these types and evaluates it there: the numbers of every output. */
export function values(fn: (...x: Value[]) => Tree<Value>, ...args: readonly Arg[]): number[][] {
  return compile(fn, args).run(...args)
}

/** The shape of what `fn` gives. */
export function shapeOf(fn: Fn, args: readonly Arg[]): Shape {
  const { graph } = compile(fn, args)
  return graph.values[graph.outputs[0]?.value as number]?.shape as Shape
}

/**
 * Central differences of `⟨fn, u⟩` in every element of argument `i`, by two step widths of which the fourth-order
 * combination is taken (Richardson 1911).
 */
export function differences(
  fn: Compiled,
  args: readonly Arg[],
  i: number,
  u: readonly number[],
  h = 1e-3,
): number[] {
  const base = args[i] as Arg
  const along = (k: number, by: number): number => {
    const data = base.data.map((x, j) => (j === k ? x + by : x))
    const [y] = fn.run(...args.map((a, j) => (j === i ? { ...a, data } : a)))
    return dot(y as number[], u)
  }
  const slope = (k: number, by: number): number => (along(k, by) - along(k, -by)) / (2 * by)
  return base.data.map((_, k) => (4 * slope(k, h / 2) - slope(k, h)) / 3)
}

/** Positions of the floating-point arguments. */
export function floats(args: readonly Arg[]): number[] {
  return [...args.keys()].filter(i => isFloat((args[i] as Arg).dtype))
}
