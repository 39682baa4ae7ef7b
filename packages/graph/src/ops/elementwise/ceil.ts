import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** The smallest whole number that is not below x. Piecewise constant: no derivative. */
export const ceil: OpDef = elementwise({
  name: 'ceil',
  scalar: x => Math.ceil(x as number),
  partials: 'none',
})
