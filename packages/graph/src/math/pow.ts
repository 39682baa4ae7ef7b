// After FreeBSD msun (fdlibm): Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.

import { highWord, scale, withHighWord, withoutLowWord } from './bits.ts'

/** 0 for a fraction, 1 for an odd whole number, 2 for an even one. */
function parity(y: number): 0 | 1 | 2 {
  if (!Number.isInteger(y)) return 0
  return y % 2 === 0 ? 2 : 1
}

/** x to the power y, within 1 ulp; special values as in C99 (1 to any power and any x to the power 0 are 1). */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1
  if (x !== x || y !== y) return Number.NaN
  if (y === 1) return x
  const size = x < 0 ? -x : x
  const whole = parity(y)
  const infiniteY = y === Number.POSITIVE_INFINITY || y === Number.NEGATIVE_INFINITY
  if (infiniteY) return size === 1 ? 1 : size > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0
  const negative = (x < 0 || Object.is(x, -0)) && whole === 1
  if (size === 0 || size === Number.POSITIVE_INFINITY) {
    const z = (size === 0) === y > 0 ? 0 : Number.POSITIVE_INFINITY
    return negative ? -z : z
  }
  if (x < 0 && whole === 0) return Number.NaN
  const z = size === 1 ? 1 : magnitude(size, y)
  return negative ? -z : z
}

/** For finite x > 0: 2 to the power y log₂ x, with log₂ x in two parts. */
function magnitude(x: number, y: number): number {
  const [t1, t2] = log2Parts(x)
  const y1 = withoutLowWord(y)
  const low = (y - y1) * t1 + y * t2
  const high = y1 * t1
  const z = low + high
  if (z > 1024 || (z === 1024 && low + 8.0085662595372944372e-17 > z - high)) return Number.POSITIVE_INFINITY
  if (z < -1075 || (z === -1075 && low <= z - high)) return 0
  if (z !== z) return high > 0 ? Number.POSITIVE_INFINITY : 0
  const n = z > 0.5 || z < -0.5 ? Math.trunc(z + (z < 0 ? -0.5 : 0.5)) : 0
  const rest = high - n
  const t = withoutLowWord(low + rest)
  const u = t * 6.93147182464599609375e-1
  const v = (low - (t - rest)) * 6.93147180559945286227e-1 + t * -1.90465429995776804525e-9
  const r = u + v
  const w = v - (r - u)
  const rr = r * r
  const c =
    r -
    rr *
      (1.66666666666666019037e-1 +
        rr *
          (-2.77777777770155933842e-3 +
            rr *
              (6.61375632143793436117e-5 +
                rr * (-1.6533902205465251539e-6 + rr * 4.13813679705723846039e-8))))
  const e = (r * c) / (c - 2) - (w + r * w)
  return scale(1 - (e - r), n)
}

const parts: [number, number] = [0, 0]

/** log₂ x as a number with few bits and a rest. The result is reused by the next call. */
function log2Parts(x: number): readonly [number, number] {
  let n = 0
  let a = x
  if (a < 2 ** -1022) {
    a *= 2 ** 53
    n = -53
  }
  let high = highWord(a)
  n += (high >> 20) - 0x3ff
  const fraction = high & 0xfffff
  high = fraction | 0x3ff00000
  let k = 0
  if (fraction > 0x3988e) {
    if (fraction < 0xbb67a) k = 1
    else {
      n += 1
      high -= 0x00100000
    }
  }
  a = withHighWord(a, high)
  const base = k === 0 ? 1 : 1.5
  const u = a - base
  const v = 1 / (a + base)
  const s = u * v
  const sHigh = withoutLowWord(s)
  const tHigh = withHighWord(0, ((high >> 1) | 0x20000000) + 0x00080000 + (k << 18))
  const tLow = a - (tHigh - base)
  const sLow = v * (u - sHigh * tHigh - sHigh * tLow)
  const s2 = s * s
  let r =
    s2 *
    s2 *
    (5.99999999999994648725e-1 +
      s2 *
        (4.28571428578550184252e-1 +
          s2 *
            (3.33333329818377432918e-1 +
              s2 *
                (2.72728123808534006489e-1 +
                  s2 * (2.30660745775561754067e-1 + s2 * 2.06975017800338417784e-1)))))
  r += sLow * (sHigh + s)
  const square = sHigh * sHigh
  const top = withoutLowWord(3 + square + r)
  const bottom = r - (top - 3 - square)
  const p = sHigh * top
  const q = sLow * top + bottom * s
  const pHigh = withoutLowWord(p + q)
  const pLow = q - (pHigh - p)
  const zHigh = 9.61796700954437255859e-1 * pHigh
  const zLow =
    -7.02846165095275826516e-9 * pHigh +
    pLow * 9.61796693925975554329e-1 +
    (k === 0 ? 0 : 1.35003920212974897128e-8)
  const shift = k === 0 ? 0 : 5.84962487220764160156e-1
  const first = withoutLowWord(zHigh + zLow + shift + n)
  parts[0] = first
  parts[1] = zLow - (first - n - shift - zHigh)
  return parts
}
