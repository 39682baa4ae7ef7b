import type { Local } from '../asm/index.ts'
import { expModerate } from './exp.ts'
import type { VectorCode } from './vector-code.ts'

/** erf x / x − 1 in x², up to 1: a minimax fit. */
const small = [
  0.1283791065216064, -0.3761262595653534, 0.1128358542919159, -0.026853816583752632, 0.005188334733247757,
  -0.0008010247838683426, 0.00007854026625864208,
]

/** eˣ² erfc x in 1 / (1 + x/2), from 1 to 4. */
const large = [
  0.0018179977778345346, 0.25973936915397644, 0.3966684639453888, -0.06423118710517883, 0.6364836692810059,
  -0.2307346612215042,
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
  return v.signed(v.select(v.lt(size, v.k(1)), near, far), x)
}
