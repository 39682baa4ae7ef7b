import { pow as power } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/**
 * a to the power b. The derivative in a is 0 where b is 0, and the derivative in b is 0 where a is 0 and b ≥ 0, so
 * that neither 0⁻¹ nor log 0 turns them to NaN.
 */
export const pow: OpDef = elementwise({
  name: 'pow',
  flops: 30,
  scalar: (a, b) => power(a as number, b as number),
  partials: [
    (t, { inputs }) => {
      const [a, b] = inputs as [Value, Value]
      return b.eq(0).where(0, t.mul(b).mul(a.pow(b.sub(1))))
    },
    (t, { inputs, result }) => {
      const [a, b] = inputs as [Value, Value]
      const flat = a.eq(0).and(b.ge(0))
      return flat.where(0, t.mul(result).mul(a.log()))
    },
  ],
})
