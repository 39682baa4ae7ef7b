import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** x². Integers wrap. */
export const square: OpDef = elementwise({
  name: 'square',
  takes: 'number',
  scalar: x => (x as number) * (x as number),
  integer: x => Math.imul(x as number, x as number),
  partials: [(t, { inputs: [x] }) => t.mul((x as Value).mul(2))],
})
