import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** The largest whole number that is not above x. Piecewise constant: no derivative. */
export const floor: OpDef = elementwise({
  name: 'floor',
  scalar: x => Math.floor(x as number),
  partials: 'none',
})
