import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** The identity, through which no derivative passes. */
export const stopGradient: OpDef = elementwise({
  name: 'stopGradient',
  takes: 'any',
  flops: 0,
  scalar: x => x as number,
  partials: 'none',
})
