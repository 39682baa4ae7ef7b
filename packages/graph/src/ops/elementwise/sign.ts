import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** 1, −1, or x itself where it is ±0 or NaN. Piecewise constant: no derivative. */
export const sign: OpDef = elementwise({
  name: 'sign',
  takes: 'number',
  scalar: x => Math.sign(x as number),
  partials: 'none',
})
