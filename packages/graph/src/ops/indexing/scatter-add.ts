import { DTypeError, ShapeError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import type { Value } from '../../trace/value.ts'
import { sameShape, showType, sizeOf, type Type } from '../../type.ts'
import { integer } from '../define.ts'

/**
 * Sums of the updates that name each row: `idx [...I]` (i32), `updates [...I, ...R]` → `[rows, ...R]`. Linear in
 * `updates`. Updates accumulate in f64, in row-major order of `idx`, and round once (integers wrap); an index outside
 * `[0, rows)` is dropped.
 */
export const scatterAdd: OpDef<{ readonly rows: number }> = {
  name: 'scatterAdd',
  kind: 'anchor',
  arity: 2,
  prologue: [true, true],
  infer([idx, updates], attrs) {
    const [at, from] = [idx as Type, updates as Type]
    if (at.dtype !== 'i32')
      throw new DTypeError('the indices are not i32', { expected: 'i32', got: showType(at) })
    if (from.dtype === 'bool')
      throw new DTypeError('does not take this dtype', { expected: 'number', got: from.dtype })
    if (!sameShape(from.shape.slice(0, at.shape.length), at.shape))
      throw new ShapeError('the updates do not begin with the shape of the indices', {
        expected: `[${[...at.shape, '...'].join(',')}]`,
        got: showType(from),
      })
    return [{ dtype: from.dtype, shape: [integer(attrs, 'rows'), ...from.shape.slice(at.shape.length)] }]
  },
  flops: ([, updates]) => sizeOf((updates as Type).shape),
  recompute: 'costly',
  derivative: {
    kind: 'linear',
    operands: [1],
    transpose: (u, _, { inputs: [idx] }) => emit('gather', {}, u, idx as Value),
  },
}
