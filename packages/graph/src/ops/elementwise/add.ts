import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** a + b. Integers wrap. */
export const add: OpDef = elementwise({
  name: 'add',
  takes: 'number',
  commutative: true,
  scalar: (a, b) => (a as number) + (b as number),
  partials: [t => t, t => t],
})
