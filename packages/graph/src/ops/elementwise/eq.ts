import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** a = b; false where one is NaN. */
export const eq: OpDef = elementwise({
  name: 'eq',
  arity: 2,
  takes: 'any',
  gives: 'bool',
  commutative: true,
  scalar: (a, b) => (a === b ? 1 : 0),
  partials: 'none',
})
