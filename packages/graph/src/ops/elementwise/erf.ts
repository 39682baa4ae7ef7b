import { erf as errorFunction } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** 2/√π, the derivative at 0. */
const slope = 1.1283791670955126

/** The error function (2/√π) ∫₀ˣ exp(−s²) ds. */
export const erf: OpDef = elementwise({
  name: 'erf',
  flops: 20,
  scalar: x => errorFunction(x as number),
  partials: [(t, { inputs: [x] }) => t.mul((x as Value).square().neg().exp()).mul(slope)],
})
