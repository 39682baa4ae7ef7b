import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** Either or both, of bools. */
export const or: OpDef = elementwise({
  name: 'or',
  arity: 2,
  takes: 'bool',
  gives: 'bool',
  commutative: true,
  scalar: (a, b) => (a as number) | (b as number),
  partials: 'none',
})
