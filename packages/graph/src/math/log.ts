// After FreeBSD msun (fdlibm): Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.

import { highWord, withHighWord } from './bits.ts'

const ln2High = 6.9314718036912381649e-1
const ln2Low = 1.90821492927058770002e-10

/** log(1 + f) − f + f²/2 as needed by log and log1p: the series in s = f / (2 + f). */
function tail(f: number, half: number): number {
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1))
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)))
  return s * (half + even + odd)
}

/** Natural logarithm, within 1 ulp; −∞ at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  let k = 0
  let y = x
  if (x < 2 ** -1022) {
    k = -54
    y = x * 2 ** 54
  }
  const high = highWord(y) + 0x3ff00000 - 0x3fe6a09e
  k += (high >> 20) - 0x3ff
  const f = withHighWord(y, (high & 0xfffff) + 0x3fe6a09e) - 1
  const half = 0.5 * f * f
  return tail(f, half) + k * ln2Low - half + f + k * ln2High
}

/** log(1 + x) without cancellation near 0, within 1 ulp. */
export function log1p(x: number): number {
  if (!(x > -1)) return x === -1 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY || (x < 2 ** -53 && x > -(2 ** -53))) return x
  let k = 0
  let f = x
  let c = 0
  if (x >= 0.41421356 || x <= -0.29289321) {
    const u = 1 + x
    const high = highWord(u) + 0x3ff00000 - 0x3fe6a09e
    k = (high >> 20) - 0x3ff
    if (k < 54) c = (k >= 2 ? 1 - (u - x) : x - (u - 1)) / u
    f = withHighWord(u, (high & 0xfffff) + 0x3fe6a09e) - 1
  }
  const half = 0.5 * f * f
  return tail(f, half) + (k * ln2Low + c) - half + f + k * ln2High
}
