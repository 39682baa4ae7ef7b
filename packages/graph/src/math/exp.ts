// After FreeBSD msun (fdlibm): Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.

import { scale } from './bits.ts'

const ln2High = 6.9314718036912381649e-1
const ln2Low = 1.90821492927058770002e-10
const inverseLn2 = 1.442695040888963387

/** eˣ, within 1 ulp. Overflows above 709.78, is 0 below −745.13. */
export function exp(x: number): number {
  if (x !== x) return x
  if (x > 709.782712893383973096) return Number.POSITIVE_INFINITY
  if (x < -745.13321910194110842) return 0
  const size = x < 0 ? -x : x
  let k = 0
  let high = x
  let low = 0
  if (size > 0.34657359027997264) {
    k = size >= 1.0397207708399179 ? Math.trunc(inverseLn2 * x + (x < 0 ? -0.5 : 0.5)) : x < 0 ? -1 : 1
    high = x - k * ln2High
    low = k * ln2Low
  } else if (size < 2 ** -28) return 1 + x
  const r = high - low
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
  const y = 1 + ((r * c) / (2 - c) - low + high)
  return k === 0 ? y : scale(y, k)
}
