import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** a − b. Integers wrap. */
export const sub: OpDef = elementwise({
  name: 'sub',
  takes: 'number',
  scalar: (a, b) => (a as number) - (b as number),
  partials: [t => t, t => t.neg()],
})
