import { DTypeError, ShapeError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import type { Value } from '../../trace/value.ts'
import { sameShape, showType, type Type } from '../../type.ts'
import { type WindowAttrs, windowed, windowFlops } from './window-shape.ts'

/**
 * From each window the element of `t` where `x` is largest (the first such, NaN the largest): the tangent of
 * `maxPool`. `x`, `t [N, C, ...S]` → `[N, C, ...O]`; linear in `t`.
 */
export const maxPoolGather: OpDef<WindowAttrs> = {
  name: 'maxPoolGather',
  kind: 'anchor',
  arity: 2,
  prologue: [true, true],
  infer([x, t], attrs) {
    const [like, other] = [x as Type, t as Type]
    if (other.dtype !== like.dtype)
      throw new DTypeError('operands differ in dtype', { expected: showType(like), got: showType(other) })
    if (!sameShape(other.shape, like.shape))
      throw new ShapeError('operands differ in shape', { expected: showType(like), got: showType(other) })
    return [windowed(like, attrs)]
  },
  flops: (_, [y], attrs) => windowFlops(y as Type, attrs),
  recompute: 'costly',
  derivative: {
    kind: 'linear',
    operands: [1],
    transpose: (ct, _, { inputs: [x], attrs }) => emit('maxPoolScatter', attrs, x as Value, ct),
  },
}
