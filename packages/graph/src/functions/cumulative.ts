import type { Value } from '../trace/value.ts'
import { normalAxis, pad, slice } from './movement.ts'

/** Sums of the elements up to each, along `axis`. */
export const cumSum = (x: Value, axis: number): Value => scan(x, axis, 0, (a, b) => a.add(b))
/** Products of the elements up to each, along `axis`. */
export const cumProd = (x: Value, axis: number): Value => scan(x, axis, 1, (a, b) => a.mul(b))

/** Combines each element with the one 1, 2, 4 … before it (Hillis & Steele 1986): log₂ n steps, errors grow as log n. */
function scan(x: Value, axis: number, unit: number, combine: (a: Value, b: Value) => Value): Value {
  const a = normalAxis(axis, x.shape.length)
  const n = x.shape[a] as number
  const along = (k: number) => x.shape.map((_, i) => (i === a ? k : 0))
  let y = x
  for (let shift = 1; shift < n; shift *= 2) {
    const stop = y.shape.map((d, i) => (i === a ? n - shift : d))
    const earlier = pad(slice(y, along(0), stop), along(shift), along(0), unit)
    y = combine(y, earlier)
  }
  return y
}
