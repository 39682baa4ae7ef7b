import type { OpDef } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import type { Value } from '../../trace/value.ts'
import type { Type } from '../../type.ts'
import { closed, convFlops, type OpenConvAttrs, openType } from './conv-shape.ts'

/**
 * The transpose of `conv` in its kernel: `x [N, C, ...S]`, `ct [N, F, ...O]` → `[F, C/groups, ...size]`.
 *
 * Products accumulate in f64, in the order of the batch, then of the output positions row by row, and round once;
 * positions that read the padding are skipped.
 */
export const convWeight: OpDef<OpenConvAttrs> = {
  name: 'convWeight',
  kind: 'anchor',
  arity: 2,
  prologue: [true, true],
  infer: ([x, ct], attrs) => [openType({ x: x as Type, g: ct as Type }, attrs)],
  flops: ([, ct], [w]) => convFlops(w as Type, ct as Type),
  recompute: 'costly',
  derivative: {
    kind: 'linear',
    operands: [0, 1],
    transpose(v, operand, { inputs, attrs }) {
      const [x, ct] = inputs as [Value, Value]
      return operand === 0
        ? emit('convInput', { ...attrs, size: x.shape.slice(2) }, ct, v)
        : emit('conv', closed(attrs), x, v)
    },
  },
}
