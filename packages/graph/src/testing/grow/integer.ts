import { minimum } from '../../functions/elementwise.ts'
import { iota, randomBits, randomUniform } from '../../functions/generator.ts'
import { argMax, gather, scatterAdd } from '../../functions/indexing.ts'
import type { Value } from '../../trace/value.ts'
import type { Garden, Grow } from '../garden.ts'

/** Indices below `rows`, or some out of range where `wild`. */
function indices(garden: Garden, rows: number, wild: boolean): Value {
  const { random, integers } = garden
  const lists = integers.filter(i => i.shape.length === 1)
  if (lists.length === 0 || random.chance(0.2)) return iota([random.int(1, rows)])
  const idx = random.pick(lists)
  return wild ? idx : minimum(idx, rows - 1).maximum(0)
}

/** Rows gathered from, or added up in, a table. */
export const indexing: Grow = garden => {
  const { random } = garden
  const rows = random.int(1, 5)
  const idx = indices(garden, rows, random.chance(0.3))
  if (random.chance(0.5)) {
    const x = garden.shaped([rows, ...garden.shape(random.int(0, 2), 3)])
    garden.put(gather(x, idx), garden.bound(x))
    return
  }
  const updates = garden.shaped([...idx.shape, ...garden.shape(random.int(0, 2), 3)])
  garden.put(scatterAdd(idx, updates, rows), garden.bound(updates) * (idx.shape[0] ?? 1))
}

/** Arithmetic of integers, which wraps, and integers from floats. */
export const integer: Grow = garden => {
  const { random, integers, smooth } = garden
  const x = random.pick(integers)
  const most = 2 ** 31 - 1
  const all = [
    x.add(random.int(-3, 3)),
    x.mul(random.pick([-1, 1, 2, most])),
    x.neg(),
    x.abs(),
    iota([random.int(1, 6)]),
  ]
  const y = smooth || random.chance(0.7) ? random.pick(all) : argMaxOf(garden)
  integers.push(y)
  if (random.chance(0.3)) garden.conditions.push(y.lt(random.int(0, 3)))
  if (random.chance(0.4)) garden.put(y.cast(garden.dtype).mul(0.01).sin(), 1)
}

function argMaxOf(garden: Garden): Value {
  const x = garden.pick()
  return x.shape.length === 0 ? x.cast('i32') : argMax(x, garden.axis(x))
}

/** What random numbers are drawn with. */
export interface Draws {
  readonly seed: Value
  readonly step: Value
}

/** Dropout, or numbers drawn from random bits. */
export function randomness({ seed, step }: Draws): Grow {
  return garden => {
    const { random, dtype } = garden
    const key = { key: [random.bits(), random.bits()] as const, call: random.int(0, 2) }
    const x = garden.pick()
    if (random.chance(0.2)) {
      garden.put(
        randomBits(seed, step, x.shape, key)
          .cast(dtype)
          .mul(2 ** -32),
        1,
      )
      return
    }
    const mask = randomUniform(seed, step, x.shape, key).lt(0.75)
    garden.conditions.push(mask)
    garden.put(mask.where(x.div(0.75), 0), garden.bound(x) * 1.4)
  }
}
