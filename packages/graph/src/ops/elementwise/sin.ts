import { sin as sine } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** The sine of x radians. */
export const sin: OpDef = elementwise({
  name: 'sin',
  flops: 12,
  scalar: x => sine(x as number),
  partials: [(t, { inputs: [x] }) => t.mul((x as Value).cos())],
})
