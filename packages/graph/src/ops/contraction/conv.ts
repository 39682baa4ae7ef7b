import type { OpDef } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import type { Value } from '../../trace/value.ts'
import type { Type } from '../../type.ts'
import { type ConvAttrs, convFlops, openType } from './conv-shape.ts'

/**
 * Convolution as cross-correlation: `x [N, C, ...S]`, `w [F, C/groups, ...K]` → `[N, F, ...O]` with
 * O = ⌊(S + before + after − (K − 1)·dilation − 1) / stride⌋ + 1.
 *
 * Products accumulate in f64, in the order of the channels of the group, then of the kernel positions row by row, and
 * round once; positions in the padding are skipped.
 */
export const conv: OpDef<ConvAttrs> = {
  name: 'conv',
  kind: 'anchor',
  arity: 2,
  prologue: [true, true],
  infer: ([x, w], attrs) => [openType({ x: x as Type, w: w as Type }, attrs)],
  flops: ([, w], [y]) => convFlops(w as Type, y as Type),
  recompute: 'costly',
  derivative: {
    kind: 'linear',
    operands: [0, 1],
    transpose(ct, operand, { inputs, attrs }) {
      const [x, w] = inputs as [Value, Value]
      return operand === 0
        ? emit('convInput', { ...attrs, size: x.shape.slice(2) }, ct, w)
        : emit('convWeight', { ...attrs, size: w.shape.slice(2) }, x, ct)
    },
  },
}
