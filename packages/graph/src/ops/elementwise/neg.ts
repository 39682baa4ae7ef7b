import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** −x. Integers wrap. */
export const neg: OpDef = elementwise({
  name: 'neg',
  takes: 'number',
  scalar: x => -(x as number),
  partials: [t => t.neg()],
})
