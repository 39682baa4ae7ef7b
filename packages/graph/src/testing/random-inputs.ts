import { allocate, isFloat, type TypedArray } from '../dtype.ts'
import type { Graph } from '../graph.ts'
import { sizeOf, type Type } from '../type.ts'
import { Random } from './random.ts'

/** What a graph is fed, as `evaluate` takes it. */
export interface Fed {
  readonly inputs: Record<string, TypedArray>
  readonly state: Record<string, TypedArray>
}

export interface RandomInputOptions {
  /** Some floats are ±0, ±∞, NaN, tiny or huge. */
  readonly special?: boolean
}

type Range = readonly [low: number, high: number]

const special = [
  0,
  -0,
  1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e-40,
  -1e-310,
  1e30,
]

/**
 * Numbers for every input and state of a graph, the same for the same seed: floats in [−2, 2), integers within the
 * range of their input, or small where there is none, never below 0 where they cannot be, bools.
 */
export function randomInputs(graph: Graph, seed: number, options: RandomInputOptions = {}): Fed {
  const random = new Random(seed)
  const draw = (value: number, range?: Range) => drawn(random, graph.values[value] as Type, options, range)
  return {
    inputs: Object.fromEntries(graph.inputs.map(i => [i.name, draw(i.value, i.range)])),
    state: Object.fromEntries(graph.state.map(s => [s.path, draw(s.value)])),
  }
}

function drawn(
  random: Random,
  { dtype, shape }: Type,
  options: RandomInputOptions,
  range?: Range,
): TypedArray {
  const data = allocate(dtype, sizeOf(shape))
  const [low, high] = bounds(dtype, range)
  const one = isFloat(dtype)
    ? () => (options.special === true && random.chance(0.3) ? random.pick(special) : random.float(-2, 2))
    : () => random.int(low, high - 1)
  return data.map(one)
}

/** The range of integers, cut down to small ones. */
function bounds(dtype: Type['dtype'], [low, high]: Range = [-1000, 1000]): Range {
  if (dtype === 'bool') return [0, 2]
  const least = dtype === 'i32' ? -1000 : 0
  const [from, until] = [Math.max(low, least), Math.min(high, dtype === 'u8' ? 256 : 1000)]
  return from < until ? [from, until] : [low, high]
}
