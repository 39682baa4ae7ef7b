import { exp as exponential } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** eˣ. */
export const exp: OpDef = elementwise({
  name: 'exp',
  flops: 10,
  scalar: x => exponential(x as number),
  partials: [(t, { result }) => t.mul(result)],
})
