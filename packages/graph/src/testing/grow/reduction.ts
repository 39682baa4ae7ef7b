import { logSumExp, variance } from '../../functions/reduction.ts'
import type { Value } from '../../trace/value.ts'
import { sizeOf } from '../../type.ts'
import type { Garden, Grow } from '../garden.ts'

/** Some axes of a value, at least one of a value that has any. */
function someAxes({ random }: Garden, x: Value): number[] {
  const axes = random.shuffle(x.shape.map((_, a) => a)).slice(0, random.int(1, Math.max(1, x.shape.length)))
  return axes.sort((a, b) => a - b)
}

export const reduction: Grow = garden => {
  const { random } = garden
  const x = garden.pick()
  const axes = someAxes(garden, x)
  const n = sizeOf(axes.map(a => x.shape[a] ?? 1))
  const keep = random.chance(0.4)
  const kind = random.pick(
    garden.smooth ? (['sum', 'mean'] as const) : (['sum', 'mean', 'max', 'min'] as const),
  )
  const reduced = x[kind](axes, keep)
  const bound = garden.bound(x) * (kind === 'sum' ? n : 1)
  if (keep && bound < 6) garden.put(x.sub(reduced), garden.bound(x) + bound)
  else garden.put(reduced, bound)
}

/** Softmax and the like: reductions, broadcast back, with elementwise work between them. */
export const normalization: Grow = garden => {
  const x = garden.pick()
  if (x.shape.length === 0) return
  const axis = garden.axis(x)
  const b = garden.bound(x)
  const centred = () => x.sub(x.mean(axis, true))
  garden.random.pick([
    () => garden.put(x.softmax(axis), 1),
    () => garden.put(x.logSoftmax(axis), 2 * b + 6),
    () => garden.put(logSumExp(x, axis, garden.random.chance(0.5)), b + 6),
    () => garden.put(variance(x, axis), 4 * b * b),
    () => garden.put(centred().mul(variance(x, axis, true).add(0.1).rsqrt()), 8),
  ])()
}
