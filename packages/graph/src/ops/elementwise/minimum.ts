import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** The smaller of a and b, NaN if one is NaN, and −0 of ±0. At a tie each side gets half of the derivative. */
export const minimum: OpDef = elementwise({
  name: 'minimum',
  takes: 'number',
  commutative: true,
  scalar: Math.min,
  partials: [
    (t, { inputs: [a, b] }) => share(t, a as Value, b as Value),
    (t, { inputs: [a, b] }) => share(t, b as Value, a as Value),
  ],
})

function share(t: Value, mine: Value, other: Value): Value {
  return mine.eq(other).where(t.mul(0.5), other.lt(mine).where(0, t))
}
