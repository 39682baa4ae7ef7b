import { log1p as logarithm1p } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** log(1 + x), exact near 0. */
export const log1p: OpDef = elementwise({
  name: 'log1p',
  flops: 12,
  scalar: x => logarithm1p(x as number),
  partials: [(t, { inputs: [x] }) => t.div((x as Value).add(1))],
})
