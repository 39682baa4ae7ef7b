import { tanh as hyperbolicTangent } from '../../math/index.ts'
import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** The hyperbolic tangent; its derivative 1 − y² reads the result alone. */
export const tanh: OpDef = elementwise({
  name: 'tanh',
  flops: 15,
  scalar: x => hyperbolicTangent(x as number),
  partials: [(t, { result }) => t.mul(result.square().neg().add(1))],
})
