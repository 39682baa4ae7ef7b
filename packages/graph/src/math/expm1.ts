// After FreeBSD msun (fdlibm): Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.

import { powerOfTwo } from './bits.ts'

const ln2High = 6.9314718036912381649e-1
const ln2Low = 1.90821492927058770002e-10
const inverseLn2 = 1.442695040888963387

/** eˣ − 1 without cancellation near 0, within 1 ulp. */
export function expm1(x: number): number {
  const size = x < 0 ? -x : x
  if (x !== x || size < 2 ** -54) return x
  if (x > 709.782712893383973096) return Number.POSITIVE_INFINITY
  if (x < -38.816242111356935) return -1
  let k = 0
  let r = x
  let c = 0
  if (size > 0.34657359027997264) {
    k = size < 1.0397207708399179 ? (x < 0 ? -1 : 1) : Math.trunc(inverseLn2 * x + (x < 0 ? -0.5 : 0.5))
    const high = x - k * ln2High
    const low = k * ln2Low
    r = high - low
    c = high - r - low
  }
  const half = 0.5 * r
  const s = r * half
  const q =
    1 +
    s *
      (-3.33333333333331316428e-2 +
        s *
          (1.58730158725481460165e-3 +
            s *
              (-7.93650757867487942473e-5 +
                s * (4.00821782732936239552e-6 + s * -2.01099218183624371326e-7))))
  const t = 3 - q * half
  let e = s * ((q - t) / (6 - r * t))
  if (k === 0) return r - (r * e - s)
  e = r * (e - c) - c - s
  if (k === -1) return 0.5 * (r - e) - 0.5
  if (k === 1) return r < -0.25 ? -2 * (e - (r + 0.5)) : 1 + 2 * (r - e)
  if (k < 0 || k > 56) {
    const y = r - e + 1
    return (k === 1024 ? y * 2 * 2 ** 1023 : y * powerOfTwo(k)) - 1
  }
  const inverse = powerOfTwo(-k)
  return (k < 20 ? r - e + (1 - inverse) : r - (e + inverse) + 1) * powerOfTwo(k)
}
