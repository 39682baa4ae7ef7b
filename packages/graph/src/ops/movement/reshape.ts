import { ShapeError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import { showType, sizeOf, type Type } from '../../type.ts'
import { integers } from '../define.ts'

/** The same elements in row-major order under another shape. */
export const reshape: OpDef<{ shape: readonly number[] }> = {
  name: 'reshape',
  kind: 'movement',
  arity: 1,
  infer([x], attrs) {
    const { dtype, shape } = x as Type
    const to = integers(attrs, 'shape')
    if (sizeOf(to) !== sizeOf(shape))
      throw new ShapeError('the number of elements changes', {
        expected: `${sizeOf(shape)} elements, as in ${showType({ dtype, shape })}`,
        got: `[${to.join(',')}]`,
      })
    return [{ dtype, shape: to }]
  },
  flops: () => 0,
  recompute: 'cheap',
  derivative: {
    kind: 'linear',
    operands: [0],
    transpose: (ct, _, { inputs: [x] }) => ct.reshape((x as { shape: readonly number[] }).shape),
  },
}
