import { log as logarithm } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** The natural logarithm: −∞ at 0, NaN below. */
export const log: OpDef = elementwise({
  name: 'log',
  flops: 10,
  scalar: x => logarithm(x as number),
  partials: [(t, { inputs: [x] }) => t.div(x as Value)],
})
