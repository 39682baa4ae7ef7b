import type { Reduction } from '@stint/engine'
import { isFloat } from '@stint/graph'
import type { FunctionBuilder } from '../../asm/index.ts'
import type { Accumulator } from './accumulator.ts'
import { ColumnSum } from './column-sum.ts'
import { Fold } from './fold.ts'
import { RowSum } from './row-sum.ts'

/** How a reduction accumulates: four elements of a point side by side, or four points (`columns`). */
export function accumulatorOf(f: FunctionBuilder, { op, dtype }: Reduction, columns: boolean): Accumulator {
  if (op === 'sum' && isFloat(dtype)) return columns ? new ColumnSum(f, dtype) : new RowSum(f, dtype)
  return new Fold(f, dtype, op, columns)
}

/** Whether the place of an element in its lane matters. */
export function needsLanes({ op, dtype }: Reduction): boolean {
  return op === 'sum' && isFloat(dtype)
}
