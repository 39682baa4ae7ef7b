import { atan2, maximum, minimum, pow } from '../../functions/elementwise.ts'
import type { Value } from '../../trace/value.ts'
import type { Grow } from '../garden.ts'

type Unary = readonly [f: (x: Value) => Value, bound: (b: number) => number]
type Binary = readonly [f: (x: Value, y: Value) => Value, bound: (a: number, b: number) => number]

const one = () => 1
const itself = (b: number) => b

/** Each within its domain: x² + c is never near 0. */
const smooth: readonly Unary[] = [
  [x => x.neg(), itself],
  [x => x.tanh().exp(), () => 3],
  [x => x.tanh().expm1(), () => 2],
  [x => x.square().add(0.5).log(), () => 6],
  [x => x.square().log1p(), () => 6],
  [x => x.square().add(0.25).sqrt(), b => b + 1],
  [x => x.square().add(0.25).rsqrt(), () => 2],
  [x => x.square().add(0.5).reciprocal(), () => 2],
  [x => x.square(), b => b * b],
  [x => x.sin(), one],
  [x => x.cos(), one],
  [x => x.tanh(), one],
  [x => x.sigmoid(), one],
  [x => x.erf(), one],
]

const rough: readonly Unary[] = [
  [x => x.abs(), itself],
  [x => x.relu(), itself],
  [x => x.sign(), one],
  [x => x.floor(), b => b + 1],
  [x => x.ceil(), b => b + 1],
  [x => x.round(), b => b + 1],
  [x => x.cast(x.dtype === 'f32' ? 'f64' : 'f32').cast(x.dtype), itself],
  [x => x.cast('i32').cast(x.dtype), itself],
  [x => x.exp(), () => 100],
  [x => x.log(), () => 100],
  [x => x.sqrt(), b => b + 1],
]

const smoothPairs: readonly Binary[] = [
  [(x, y) => x.add(y), (a, b) => a + b],
  [(x, y) => x.sub(y), (a, b) => a + b],
  [(x, y) => x.mul(y), (a, b) => a * b],
  [(x, y) => x.div(y.square().add(0.5)), a => 2 * a],
  [(x, y) => pow(x.square().add(0.5), y.tanh()), a => a * a + 2],
  [(x, y) => atan2(x, y.square().add(0.5)), () => 2],
]

const roughPairs: readonly Binary[] = [
  [(x, y) => maximum(x, y), Math.max],
  [(x, y) => minimum(x, y), Math.max],
  [(x, y) => x.div(y), () => 100],
]

export const unary: Grow = garden => {
  const [f, bound] = garden.random.pick(garden.smooth ? smooth : [...smooth, ...rough])
  const x = garden.pick()
  garden.put(f(x), bound(garden.bound(x)))
}

export const binary: Grow = garden => {
  const [f, bound] = garden.random.pick(garden.smooth ? smoothPairs : [...smoothPairs, ...roughPairs])
  const x = garden.pick()
  const y = garden.shaped(x.shape)
  garden.put(f(x, y), bound(garden.bound(x), garden.bound(y)))
}

/** With a number that broadcasts, or with one axis that does. */
export const broadcasting: Grow = garden => {
  const { random } = garden
  const x = garden.pick()
  if (x.shape.length === 0 || random.chance(0.5)) {
    const c = random.pick([0.5, -1, 2, 0.1, 3])
    garden.put(random.chance(0.5) ? x.add(c) : x.mul(c), (garden.bound(x) + 3) * 3)
    return
  }
  const axis = garden.axis(x)
  const row = garden.shaped(x.shape.map((d, a) => (a === axis ? 1 : d)))
  garden.put(x.add(row), garden.bound(x) + garden.bound(row))
}

/** Compares, and chooses between two values. */
export const choice: Grow = garden => {
  const { random, conditions, smooth: differentiable } = garden
  const x = garden.pick()
  if (!differentiable && random.chance(0.6)) {
    const y = garden.shaped(x.shape)
    const compare = random.pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const)
    conditions.push(x[compare](y))
  }
  const fitting = conditions.filter(c => String(c.shape) === String(x.shape))
  if (fitting.length === 0) return
  const c = random.pick(fitting)
  const other = random.pick(fitting)
  const chosen = random.pick([c, c.not(), c.and(other), c.or(other)])
  const y = garden.shaped(x.shape)
  garden.put(chosen.where(x, y), Math.max(garden.bound(x), garden.bound(y)))
}
