import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** a · b. Integers wrap. */
export const mul: OpDef = elementwise({
  name: 'mul',
  takes: 'number',
  commutative: true,
  scalar: (a, b) => (a as number) * (b as number),
  integer: (a, b) => Math.imul(a as number, b as number),
  partials: [(t, { inputs: [, b] }) => t.mul(b as Value), (t, { inputs: [a] }) => t.mul(a as Value)],
})
