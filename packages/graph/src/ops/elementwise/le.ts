import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** a ≤ b; false where one is NaN. */
export const le: OpDef = elementwise({
  name: 'le',
  arity: 2,
  takes: 'number',
  gives: 'bool',
  scalar: (a, b) => ((a as number) <= (b as number) ? 1 : 0),
  partials: 'none',
})
