import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { type ReductionAttrs, reduction, restore } from './define.ts'

/**
 * Sum over `axes`, which disappear. Elements accumulate in f64 from +0, in row-major order of the input, and round
 * once; integers wrap.
 */
export const sum: OpDef<ReductionAttrs> = reduction('sum', 'number', {
  kind: 'linear',
  operands: [0],
  transpose: (ct, _, { inputs: [x], attrs }) => restore(ct, x as Value, attrs.axes),
})
