import { sigmoid as logistic } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** 1 / (1 + e⁻ˣ); its derivative y (1 − y) reads the result alone. */
export const sigmoid: OpDef = elementwise({
  name: 'sigmoid',
  flops: 14,
  scalar: x => logistic(x as number),
  partials: [(t, { result }) => t.mul(result.mul(result.neg().add(1)))],
})
