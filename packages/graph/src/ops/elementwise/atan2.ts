import { atan2 as angle } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** The angle of the point (x, y), in (−π, π]; y is the first operand. Not differentiable at the origin: NaN. */
export const atan2: OpDef = elementwise({
  name: 'atan2',
  flops: 25,
  scalar: (y, x) => angle(y as number, x as number),
  partials: [
    (t, { inputs }) => {
      const [y, x] = inputs as [Value, Value]
      return t.mul(x).div(x.square().add(y.square()))
    },
    (t, { inputs }) => {
      const [y, x] = inputs as [Value, Value]
      return t.mul(y).neg().div(x.square().add(y.square()))
    },
  ],
})
