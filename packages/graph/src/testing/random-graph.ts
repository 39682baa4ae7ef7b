import type { DType } from '../dtype.ts'
import type { Graph } from '../graph.ts'
import { bounded, hinted, scope, trace } from '../trace/trace.ts'
import type { Value } from '../trace/value.ts'
import type { Type } from '../type.ts'
import { Garden, type Grow } from './garden.ts'
import { adjoint, contraction, convolution, pooling } from './grow/anchor.ts'
import { binary, broadcasting, choice, unary } from './grow/elementwise.ts'
import { indexing, integer, randomness } from './grow/integer.ts'
import { movement } from './grow/movement.ts'
import { normalization, reduction } from './grow/reduction.ts'
import { constants, redundancy, repetition, seedConditions } from './grow/redundancy.ts'
import { declareStates, succeed } from './grow/state.ts'
import { Random } from './random.ts'

export interface RandomGraphOptions {
  /** About how many nodes; 40 unless said. */
  readonly nodes?: number
  /** Of every float that is fed or kept; f32 unless said. */
  readonly dtype?: 'f32' | 'f64'
  /** Smooth ops alone, of one result `[n]`, so that derivatives can be compared with differences. */
  readonly differentiable?: boolean
  /** States with successors; unless said, where it need not be differentiable. */
  readonly state?: boolean
}

/** A function to trace, and the types of its arguments. */
export interface RandomFunction {
  readonly types: readonly Type[]
  readonly fn: (...args: Value[]) => Value | { readonly [name: string]: Value }
}

/**
 * A random well-typed graph, the same for the same seed and options: elementwise work within the domains of the ops,
 * reductions, movement, contraction, convolution, pooling, gather and scatter, random bits, states, constants, and
 * much that a simplification should find. Floats stay of moderate size where those that are fed lie in [−2, 2].
 *
 * @example
 * const graph = randomGraph(7, { nodes: 60 })
 * evaluate(graph, randomInputs(graph, 1))
 */
export function randomGraph(seed: number, options: RandomGraphOptions = {}): Graph {
  const { fn, types } = randomFunction(seed, options)
  return trace(fn, types, { name: `random${seed}` }).graph
}

/** The function that `randomGraph` traces. */
export function randomFunction(seed: number, options: RandomGraphOptions = {}): RandomFunction {
  const random = new Random(seed)
  const { dtype = 'f32' } = options
  const floats = Array.from({ length: random.int(1, 3) }, () => floatType(random, dtype))
  const types: Type[] = [
    ...floats,
    { dtype: 'i32', shape: [random.int(1, 4)] },
    { dtype: 'i32', shape: [] },
    { dtype: 'i32', shape: [] },
  ]
  return { types, fn: (...args) => grow(seed, options, dtype, args) }
}

function floatType(random: Random, dtype: DType): Type {
  return { dtype, shape: Array.from({ length: random.int(0, 3) }, () => random.int(1, 4)) }
}

function grow(seed: number, options: RandomGraphOptions, dtype: DType, args: readonly Value[]) {
  const { nodes = 40, differentiable = false, state = !differentiable } = options
  const random = new Random(~seed)
  const garden = new Garden(random, dtype, differentiable)
  const [idx, seedValue, step] = args.slice(-3) as [Value, Value, Value]
  for (const x of args.slice(0, -3)) {
    garden.put(x, 2)
    seedConditions(garden, x)
  }
  garden.integers.push(bounded(idx, 0, 4))
  const states = state ? declareStates(garden) : undefined
  const first = garden.nodes
  const families = [...anything, randomness({ seed: seedValue, step })]
  while (garden.nodes - first < nodes) placed(random, () => random.pick(families)(garden))
  if (states !== undefined) succeed(garden, states)
  return differentiable ? vector(garden) : outputs(garden, args)
}

/** Families, some of them more than once so that they come up more often. */
const anything: readonly Grow[] = [
  unary,
  unary,
  unary,
  binary,
  binary,
  binary,
  broadcasting,
  broadcasting,
  choice,
  reduction,
  normalization,
  movement,
  movement,
  movement,
  contraction,
  convolution,
  pooling,
  adjoint,
  indexing,
  integer,
  constants,
  redundancy,
  redundancy,
  repetition,
]

/** Grows in a layer, and at times in a region or kept. */
function placed(random: Random, body: () => void): void {
  const region = random.chance(0.2) ? { region: `region${random.int(0, 1)}` } : {}
  const hints = { ...region, ...(random.chance(0.05) && { keep: true }) }
  const inLayer = () => scope(`block${random.int(0, 3)}`, body)
  if (Object.keys(hints).length === 0) inLayer()
  else hinted(hints, inLayer)
}

/** Everything that the last values depend on, as one list. */
function vector(garden: Garden): Value {
  const [first, ...rest] = garden.floats.slice(-4).map(x => x.flatten())
  return (first as Value).concat(rest)
}

function outputs({ random, floats, integers, conditions }: Garden, args: readonly Value[]) {
  const list = [
    floats[floats.length - 1] as Value,
    ...Array.from({ length: random.int(0, 3) }, () => random.pick(floats)),
  ]
  if (random.chance(0.3)) list.push(random.pick(integers))
  if (random.chance(0.3) && conditions.length > 0) list.push(random.pick(conditions))
  if (random.chance(0.2)) list.push(random.pick(args))
  return Object.fromEntries(list.map((x, i) => [`y${i}`, x]))
}
