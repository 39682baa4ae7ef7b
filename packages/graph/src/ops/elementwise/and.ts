import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** Both, of bools. */
export const and: OpDef = elementwise({
  name: 'and',
  arity: 2,
  takes: 'bool',
  gives: 'bool',
  commutative: true,
  scalar: (a, b) => (a as number) & (b as number),
  partials: 'none',
})
