// After FreeBSD msun (fdlibm): Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.

import { expm1 } from './expm1.ts'

/** Hyperbolic tangent, within 2 ulp. */
export function tanh(x: number): number {
  const size = x < 0 ? -x : x
  if (!(size >= 2 ** -1022)) return x
  let t: number
  if (size > 20) t = 1
  else if (size > 0.5493061443340549) t = 1 - 2 / (expm1(2 * size) + 2)
  else if (size > 0.25541281188299536) {
    const e = expm1(2 * size)
    t = e / (e + 2)
  } else {
    const e = expm1(-2 * size)
    t = -e / (e + 2)
  }
  return x < 0 ? -t : t
}
