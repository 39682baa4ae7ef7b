import type { Local } from '../asm/index.ts'
import type { VectorCode } from './vector-code.ts'

/** (log(1 + f) − f + f²/2) / f³ for 1 + f from √½ to √2 (Cephes). */
const rest = [
  3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1, -1.6668057665e-1, 1.4249322787e-1, -1.2420140846e-1,
  1.167699874e-1, -1.151461031e-1, 7.0376836292e-2,
]

/** log x of four f32, within 1 ulp; −∞ at 0, NaN below. */
export function logF32(v: VectorCode, x: Local): Local {
  const tiny = v.lt(x, v.k(2 ** -126))
  const y = v.select(tiny, v.mul(x, v.k(2 ** 24)), x)
  // Exponent and fraction such that the fraction is between √½ and √2.
  const shifted = v.op('i32x4.sub', y, v.bits(0x3f3504f3))
  const exponent = v.shift('i32x4.shr_s', shifted, 23)
  const fraction = v.op('i32x4.add', v.and(shifted, v.bits(0x007fffff)), v.bits(0x3f3504f3))
  const e = v.sub(v.op('f32x4.convert_i32x4_s', exponent), v.and(tiny, v.k(24)))
  const f = v.sub(fraction, v.k(1))
  const square = v.mul(f, f)
  const cubic = v.mul(v.mul(square, f), v.polynomial(f, rest))
  const low = v.sub(v.add(cubic, v.mul(e, v.k(-0.00021219444005469057))), v.mul(square, v.k(0.5)))
  const log = v.add(v.add(low, f), v.mul(e, v.k(0.693359375)))
  const finite = v.select(v.lt(x, v.k(Number.POSITIVE_INFINITY)), log, x)
  const positive = v.select(v.lt(x, v.k(0)), v.k(Number.NaN), finite)
  return v.select(v.eq(x, v.k(0)), v.k(Number.NEGATIVE_INFINITY), positive)
}
