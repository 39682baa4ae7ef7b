import { DTypeError, ShapeError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import type { Value } from '../../trace/value.ts'
import { showType, type Type } from '../../type.ts'

/**
 * Rows of a table: `x [V, ...R]`, `idx [...I]` (i32) → `[...I, ...R]`. Linear in `x`.
 *
 * An index outside `[0, V)` reads a row of zeros, as `scatterAdd`, its transpose, drops it; indices that are fed are
 * checked before the run (`bounded`).
 */
export const gather: OpDef = {
  name: 'gather',
  kind: 'anchor',
  arity: 2,
  prologue: [false, true],
  infer([x, idx]) {
    const [table, at] = [x as Type, idx as Type]
    if (at.dtype !== 'i32')
      throw new DTypeError('the indices are not i32', { expected: 'i32', got: showType(at) })
    if (table.shape.length === 0)
      throw new ShapeError('a scalar has no rows', { expected: 'x [V, ...R]', got: showType(table) })
    return [{ dtype: table.dtype, shape: [...at.shape, ...table.shape.slice(1)] }]
  },
  flops: () => 0,
  recompute: 'costly',
  derivative: {
    kind: 'linear',
    operands: [0],
    transpose: (ct, _, { inputs: [x, idx] }) =>
      emit('scatterAdd', { rows: (x as Value).shape[0] as number }, idx as Value, ct),
  },
}
