import type { OpDef } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import type { Value } from '../../trace/value.ts'
import type { Type } from '../../type.ts'
import { closed, convFlops, type OpenConvAttrs, openType } from './conv-shape.ts'

/**
 * The transpose of `conv` in its input: `ct [N, F, ...O]`, `w [F, C/groups, ...K]` → `[N, C, ...size]`; what other
 * libraries call a transposed convolution.
 *
 * Products accumulate in f64, in the order of the output channels of the group, then of the kernel positions row by
 * row, and round once; kernel positions through which no output reads an element are skipped.
 */
export const convInput: OpDef<OpenConvAttrs> = {
  name: 'convInput',
  kind: 'anchor',
  arity: 2,
  prologue: [true, true],
  infer: ([ct, w], attrs) => [openType({ g: ct as Type, w: w as Type }, attrs)],
  flops: ([ct, w]) => convFlops(w as Type, ct as Type),
  recompute: 'costly',
  derivative: {
    kind: 'linear',
    operands: [0, 1],
    transpose(u, operand, { inputs, attrs }) {
      const [ct, w] = inputs as [Value, Value]
      return operand === 0
        ? emit('conv', closed(attrs), u, w)
        : emit('convWeight', { ...attrs, size: w.shape.slice(2) }, u, ct)
    },
  },
}
