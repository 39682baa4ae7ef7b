import { expm1 as exponentialMinus1 } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** eˣ − 1, exact near 0. */
export const expm1: OpDef = elementwise({
  name: 'expm1',
  flops: 12,
  scalar: x => exponentialMinus1(x as number),
  partials: [(t, { result }) => t.mul(result.add(1))],
})
