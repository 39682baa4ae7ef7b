import { allocate } from '../../dtype.ts'
import { full } from '../../functions/lift.ts'
import type { Attrs } from '../../graph.ts'
import type { OpName } from '../../ops/index.ts'
import { emit } from '../../trace/current.ts'
import { constant } from '../../trace/trace.ts'
import type { Value } from '../../trace/value.ts'
import { sizeOf } from '../../type.ts'
import type { Garden, Grow } from '../garden.ts'

type Noop = (x: Value) => Value

const raw =
  (op: OpName, attrs: (x: Value) => Attrs): Noop =>
  x =>
    emit(op, attrs(x), x)

const zeros = (x: Value) => x.shape.map(() => 0)

/** What changes nothing, or no more than the sign of a zero, written so that it stays in the graph. */
const noops: readonly Noop[] = [
  x => x.mul(1),
  x => x.div(1),
  x => x.sub(0),
  x => x.add(0),
  x => x.add(full(-0, x.dtype)),
  x => x.neg().neg(),
  x => x.transpose().transpose(),
  x => x.flip().flip(),
  x => x.reshape([...x.shape, 1]).reshape(x.shape),
  x => x.pow(1),
  x => full(1, 'bool', x.shape).where(x, x.neg()),
  x => x.stopGradient().stopGradient().mul(0).add(x),
  raw('reshape', x => ({ shape: x.shape })),
  raw('transpose', x => ({ perm: x.shape.map((_, a) => a) })),
  raw('broadcast', x => ({ shape: x.shape, axes: x.shape.map((_, a) => a) })),
  raw('cast', x => ({ dtype: x.dtype })),
  raw('slice', x => ({ start: zeros(x), stop: x.shape, step: x.shape.map(() => 1) })),
  raw('pad', x => ({ before: zeros(x), after: zeros(x), value: 0 })),
  raw('concat', () => ({ axis: 0 })),
  raw('sum', () => ({ axes: [] })),
  raw('flip', () => ({ axes: [] })),
]

const roughNoops: readonly Noop[] = [
  x => x.maximum(x),
  x => x.abs().abs(),
  x => x.neg().abs(),
  x => x.relu().relu(),
  x => x.cast('f64').cast(x.dtype),
]

export const redundancy: Grow = garden => {
  const x = garden.pick()
  const noop = garden.random.pick(garden.smooth ? noops : [...noops, ...roughNoops])
  // A scalar has no axis to lie along.
  const at = x.shape.length === 0 ? x.reshape([1]) : x
  garden.put(noop(at), garden.bound(x))
}

/** The same twice, the operands of one in the other order. */
export const repetition: Grow = garden => {
  const x = garden.pick()
  const y = garden.shaped(x.shape)
  const twice = garden.random.pick([
    () => x.add(y).mul(y.add(x)),
    () => x.mul(y).sub(x.mul(y)),
    () => x.sin().add(x.sin()),
  ])
  garden.put(twice(), 3 * Math.max(1, garden.bound(x)) * Math.max(1, garden.bound(y)))
}

/** Constants, and what can be computed of them ahead. */
export const constants: Grow = garden => {
  const { random, dtype } = garden
  const shape = garden.shape(random.int(0, 2), 3)
  const alike = random.chance(0.3)
  const data = allocate(dtype, sizeOf(shape)).map(() => (alike ? 0.5 : random.float(-1, 1)))
  const c = constant(data, shape, dtype)
  const computed = random.pick([
    () => c,
    () => c.mul(2).sin(),
    () => c.add(full(0.25, dtype)).transpose(),
    () => full(0.3, dtype, shape).exp().mul(c),
    () => c.sum(),
  ])
  garden.put(computed(), 3)
}

export function seedConditions(garden: Garden, x: Value): void {
  const n = sizeOf(x.shape)
  const bits = Array.from({ length: n }, () => garden.random.int(0, 1))
  garden.conditions.push(constant(bits, x.shape, 'bool'))
}
