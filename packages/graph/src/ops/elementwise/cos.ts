import { cos as cosine } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** The cosine of x radians. */
export const cos: OpDef = elementwise({
  name: 'cos',
  flops: 12,
  scalar: x => cosine(x as number),
  partials: [(t, { inputs: [x] }) => t.mul((x as Value).sin()).neg()],
})
