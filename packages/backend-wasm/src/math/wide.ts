import type { Local } from '../asm/index.ts'
import { VectorCode } from './vector-code.ts'

/** Computes a function of four f32 in f64, two at a time, and rounds once. */
function inF64(v: VectorCode, x: Local, compute: (w: VectorCode, x: Local) => Local): Local {
  const halves = [x, v.op('i8x16.swizzle', x, upperHalf(v))].map(half => {
    const w = new VectorCode(v.f, 'f64x2')
    const y = compute(w, v.op('f64x2.promote_low_f32x4', half))
    w.done(y)
    return v.taken('f32x4.demote_f64x2_zero')
  }) as [Local, Local]
  return v.lanes(halves[0], halves[1], [0, 1, 4, 5])
}

/** Moves elements 2 and 3 to the front. */
function upperHalf(v: VectorCode): Local {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => (i + 8) % 16)
  return v.f.kept('upper half', 'v128', () => v.f.v128(bytes))
}

const ln2: number = Math.LN2

/** log(1 + s') in s² for s = f / (2 + f): 2s + s³ (…), to 2⁻⁴⁵ for 1 + f from √½ to √2 (fdlibm's, cut short). */
const logSeries = [
  0.6666666666666735, 0.3999999999940942, 0.2857142874366239, 0.22222198432149784, 0.1818357216161805,
  0.15313837699209373, 0.14798198605116586,
]

/** log(1 + x) of two f64 that were f32, x > −1 and finite, to f32's precision and more. */
function log1pWide(w: VectorCode, x: Local): Local {
  const u = w.add(x, w.k(1))
  // What the sum lost, relative to it.
  const lost = w.div(w.sub(x, w.sub(u, w.k(1))), u)
  const shift = w.bits64(0x3fe6a09e667f3bcdn)
  const shifted = w.op('i64x2.sub', u, shift)
  const fraction = w.op('i64x2.add', w.and(shifted, w.bits64(0x000fffffffffffffn)), shift)
  const exponent = w.exponentOf(shifted)
  const f = w.sub(fraction, w.k(1))
  const s = w.div(f, w.add(f, w.k(2)))
  const z = w.mul(s, s)
  const log = w.add(w.add(s, s), w.mul(s, w.mul(z, w.polynomial(z, logSeries))))
  return w.add(w.add(w.mul(exponent, w.k(ln2)), log), lost)
}

/** log(1 + x) of four f32, within 1 ulp. */
export function log1pF32(v: VectorCode, x: Local): Local {
  const y = inF64(v, x, log1pWide)
  const inside = v.select(v.lt(x, v.k(Number.POSITIVE_INFINITY)), y, x)
  const above = v.select(v.lt(x, v.k(-1)), v.k(Number.NaN), inside)
  const ends = v.select(v.eq(x, v.k(-1)), v.k(Number.NEGATIVE_INFINITY), above)
  // Keeps −0 and what is too small to matter.
  return v.select(v.lt(v.abs(x), v.k(2 ** -25)), x, ends)
}

const sinSeries = [
  -0.16666666666666632, 0.00833333333332249, -0.0001984126982985795, 0.0000027557313707070068,
  -2.5050760253406863e-8,
]
const cosSeries = [
  -0.5, 0.0416666666666666, -0.001388888888887411, 0.00002480158728947673, -2.7557314351390663e-7,
]

/** Adding it rounds to a whole number, which then stands in the low bits. */
const magic = 6755399441055744

/** sin (x + turn π/2) of two f64 with |x| up to 10⁶, to f32's precision and more. */
function quarterTurns(w: VectorCode, x: Local, turn: number): Local {
  const shifted = w.add(w.mul(x, w.k(0.6366197723675814)), w.k(magic))
  const n = w.sub(shifted, w.k(magic))
  // π/2 in two parts, the first of 33 bits.
  const r = w.sub(w.sub(x, w.mul(n, w.k(1.5707963267341256))), w.mul(n, w.k(6.077100506506192e-11)))
  const z = w.mul(r, r)
  const sin = w.add(r, w.mul(r, w.mul(z, w.polynomial(z, sinSeries))))
  const cos = w.add(w.k(1), w.mul(z, w.polynomial(z, cosSeries)))
  const quadrant = w.op('i64x2.add', shifted, w.bits64(BigInt(turn)))
  const odd = w.op('i64x2.eq', w.and(quadrant, w.bits64(1n)), w.bits64(1n))
  const negative = w.shift('i64x2.shl', w.and(quadrant, w.bits64(2n)), 62)
  return w.xor(w.select(odd, cos, sin), negative)
}

/** Up to here the reduction by two parts of π/2 is exact enough. */
const largest = 1e6

/** sin x of four f32 with |x| ≤ 10⁶, within 1 ulp. */
export function sinF32(v: VectorCode, x: Local): Local {
  const y = inF64(v, x, (w, half) => quarterTurns(w, half, 0))
  return v.select(v.lt(v.abs(x), v.k(2 ** -13)), x, y)
}

/** cos x of four f32 with |x| ≤ 10⁶, within 1 ulp. */
export function cosF32(v: VectorCode, x: Local): Local {
  return inF64(v, x, (w, half) => quarterTurns(w, half, 1))
}

/** Where `sinF32` and `cosF32` do not hold: angles of so many turns, ±∞, NaN. */
export function beyondReduction(v: VectorCode, x: Local): Local {
  return v.op('v128.not', v.op('f32x4.le', v.abs(x), v.k(largest)))
}
