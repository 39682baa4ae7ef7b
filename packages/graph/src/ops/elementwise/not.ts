import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** The opposite of a bool. */
export const not: OpDef = elementwise({
  name: 'not',
  takes: 'bool',
  gives: 'bool',
  scalar: x => 1 - (x as number),
  partials: 'none',
})
