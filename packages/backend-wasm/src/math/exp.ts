import type { Local } from '../asm/index.ts'
import type { VectorCode } from './vector-code.ts'

const log2e: number = Math.LOG2E
/** log 2 in two parts, the first of few bits, so that its products with whole numbers are exact (Cody & Waite 1980). */
const ln2High = 0.693359375
const ln2Low = -0.00021219444005469057
/** Adding it rounds to a whole number, which then stands in the low bits. */
const magic = 12582912
const magicBits = 0x4b400000

/** (eʳ − 1 − r) / r² on ±log 2 / 2, a minimax fit. */
const rest = [0.5, 0.1666651964187622, 0.04166839271783829, 0.008368780836462975, 0.001381446490995586]

interface ExpParts {
  /** n as an integer. */
  readonly n: Local
  /** eˣ = 2ⁿ (1 + p). */
  readonly p: Local
}

/** Splits eˣ for x of moderate size. */
function expParts(v: VectorCode, x: Local): ExpParts {
  const shifted = v.add(v.mul(x, v.k(log2e)), v.k(magic))
  const whole = v.sub(shifted, v.k(magic))
  const r = v.sub(v.sub(x, v.mul(whole, v.k(ln2High))), v.mul(whole, v.k(ln2Low)))
  const p = v.add(v.mul(v.mul(r, r), v.polynomial(r, rest)), r)
  return { n: v.op('i32x4.sub', shifted, v.bits(magicBits)), p }
}

/** 2ⁿ for −126 ≤ n ≤ 127. */
function powerOfTwo(v: VectorCode, n: Local): Local {
  return v.shift('i32x4.shl', v.op('i32x4.add', n, v.bits(127)), 23)
}

/** 2ⁿ as two factors: what it is multiplied with may be subnormal, or 2¹²⁸ times something. */
function twoFactors(v: VectorCode, n: Local): readonly [Local, Local] {
  const half = v.shift('i32x4.shr_s', n, 1)
  return [powerOfTwo(v, half), powerOfTwo(v, v.op('i32x4.sub', n, half))]
}

/** eˣ of four f32, within 1.1 ulp. */
export function expF32(v: VectorCode, x: Local): Local {
  // What becomes zero (a masked score of −∞) does not pass through a subnormal product, which takes many times as long.
  const gone = v.lt(x, v.k(-104))
  const { n, p } = expParts(v, v.atMost(v.op('v128.andnot', x, gone), 89))
  const [s, t] = twoFactors(v, n)
  return v.op('v128.andnot', v.mul(v.mul(v.add(p, v.k(1)), s), t), gone)
}

/** eˣ where the result neither overflows nor is subnormal: −87 ≤ x ≤ 88. */
export function expModerate(v: VectorCode, x: Local): Local {
  const { n, p } = expParts(v, x)
  return v.mul(v.add(p, v.k(1)), powerOfTwo(v, n))
}

/** eˣ − 1 of four f32, within 2 ulp. */
export function expm1F32(v: VectorCode, x: Local): Local {
  const { n, p } = expParts(v, v.atMost(v.atLeast(x, -30), 89))
  // 2 (2ⁿ⁻¹ p + (2ⁿ⁻¹ − ½)): 2ⁿ itself may overflow.
  const s = powerOfTwo(v, v.op('i32x4.sub', n, v.bits(1)))
  const y = v.add(v.mul(s, p), v.sub(s, v.k(0.5)))
  const doubled = v.add(y, y)
  // Keeps −0, and the tiny numbers whose halves would be subnormal.
  return v.select(v.lt(v.abs(x), v.k(2 ** -25)), x, doubled)
}

/** 1 / (1 + e⁻ˣ) of four f32, within 2 ulp. */
export function sigmoidF32(v: VectorCode, x: Local): Local {
  const one = v.k(1)
  const { n, p } = expParts(v, v.atLeast(v.neg(v.abs(x)), -104))
  const [s, t] = twoFactors(v, n)
  const inverse = v.div(one, v.add(v.mul(v.mul(v.add(p, one), s), t), one))
  // e⁻|ˣ| / (1 + e⁻|ˣ|), the numerator 2ⁿ (1 + p) not rounded first.
  const below = v.mul(v.mul(v.add(v.mul(p, inverse), inverse), s), t)
  return v.select(v.lt(x, v.k(0)), below, inverse)
}

/** The same fit for e²ʳ: (e²ʳ − 1 − 2r) / r² on ±log 2 / 4. */
const restDoubled = rest.map((c, i) => c * 2 ** (i + 2))

/** tanh x of four f32, within 2.7 ulp. */
export function tanhF32(v: VectorCode, x: Local): Local {
  const size = v.abs(x)
  // From 9.02 on, it is 1.
  const at = v.atMost(size, 10)
  // e²ˣ − 1 = 2ⁿ p + (2ⁿ − 1).
  const shifted = v.add(v.mul(at, v.k(2 * log2e)), v.k(magic))
  const whole = v.sub(shifted, v.k(magic))
  const r = v.sub(v.sub(at, v.mul(whole, v.k(ln2High / 2))), v.mul(whole, v.k(ln2Low / 2)))
  const p = v.add(v.mul(v.mul(r, r), v.polynomial(r, restDoubled)), v.add(r, r))
  const s = powerOfTwo(v, v.op('i32x4.sub', shifted, v.bits(magicBits)))
  const y = v.add(v.mul(s, p), v.sub(s, v.k(1)))
  // y / (y + 2), or 1 − 2 / (y + 2) where that is the more exact.
  const near = v.lt(size, v.k(0.625))
  const quotient = v.div(v.select(near, y, v.k(2)), v.add(y, v.k(2)))
  return v.signed(v.select(near, quotient, v.sub(v.k(1), quotient)), x)
}
