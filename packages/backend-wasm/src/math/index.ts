import type { Local } from '../asm/index.ts'
import type { ScalarMath } from '../design.ts'
import { erfF32 } from './erf.ts'
import { expF32, expm1F32, sigmoidF32, tanhF32 } from './exp.ts'
import { logF32 } from './log.ts'
import type { VectorCode } from './vector-code.ts'
import { cosF32, log1pF32, sinF32 } from './wide.ts'

export { VectorCode } from './vector-code.ts'
export { beyondReduction } from './wide.ts'

/** Functions of four f32 at once, in f32 arithmetic. */
export const vectorMath: { readonly [name in ScalarMath]?: (v: VectorCode, x: Local) => Local } = {
  cos: cosF32,
  erf: erfF32,
  exp: expF32,
  expm1: expm1F32,
  log: logF32,
  log1p: log1pF32,
  sigmoid: sigmoidF32,
  sin: sinF32,
  tanh: tanhF32,
}
