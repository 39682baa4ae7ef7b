import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** |x|. The derivative at 0 is 0. */
export const abs: OpDef = elementwise({
  name: 'abs',
  takes: 'number',
  scalar: x => Math.abs(x as number),
  partials: [(t, { inputs: [x] }) => t.mul((x as Value).sign())],
})
