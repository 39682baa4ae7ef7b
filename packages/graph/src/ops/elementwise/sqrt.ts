import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** The square root: NaN below 0. The derivative reads the result alone; it is ∞ at 0. */
export const sqrt: OpDef = elementwise({
  name: 'sqrt',
  flops: 4,
  scalar: x => Math.sqrt(x as number),
  partials: [(t, { result }) => t.mul(0.5).div(result)],
})
