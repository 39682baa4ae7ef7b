import type { Local } from '../asm/index.ts'
import { expModerate } from './exp.ts'
import type { VectorCode } from './vector-code.ts'

/** erf x / x − 1 in x², up to 0.88: a minimax fit. */
const small = [
  0.12837915122509003, -0.3761254549026489, 0.1128239780664444, -0.026789095252752304, 0.0050282711163163185,
  -0.0006180884665809572,
]

/** eˣ² erfc x in 1 / (1 + x/2), from 0.84 to 4. */
const large = [
  0.0015147262020036578, 0.2623414397239685, 0.38777218268943786, -0.04907887801527977, 0.6236252784729004,
  -0.2263847142457962,
]

/** The error function of four f32, within 2 ulp. */
export function erfF32(v: VectorCode, x: Local): Local {
  const size = v.abs(x)
  const square = v.mul(x, x)
  const near = v.add(size, v.mul(size, v.polynomial(square, small)))
  // From 3.92 on, it is 1.
  const at = v.atMost(size, 4)
  const t = v.div(v.k(1), v.add(v.k(1), v.mul(at, v.k(0.5))))
  const complement = v.mul(expModerate(v, v.neg(v.mul(at, at))), v.polynomial(t, large))
  const far = v.sub(v.k(1), complement)
  return v.signed(v.select(v.lt(size, v.k(0.86)), near, far), x)
}
