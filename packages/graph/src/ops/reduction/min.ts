import type { OpDef } from '../../op.ts'
import { extremeDerivative, type ReductionAttrs, reduction } from './define.ts'

/** The smallest element over `axes`, NaN if one is NaN; the derivative is shared evenly by equal extremes. */
export const min: OpDef<ReductionAttrs> = reduction('min', 'number', extremeDerivative)
