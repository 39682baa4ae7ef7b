import type { OpDef } from '../../op.ts'
import type { Type } from '../../type.ts'
import { axes } from '../define.ts'

/** The named axes in reverse order. */
export const flip: OpDef<{ axes: readonly number[] }> = {
  name: 'flip',
  kind: 'movement',
  arity: 1,
  infer([x], attrs) {
    axes(attrs, 'axes', (x as Type).shape.length)
    return [x as Type]
  },
  flops: () => 0,
  recompute: 'cheap',
  derivative: { kind: 'linear', operands: [0], transpose: (ct, _, { attrs }) => ct.flip(attrs.axes) },
}
