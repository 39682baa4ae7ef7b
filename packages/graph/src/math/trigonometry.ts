// After FreeBSD msun (fdlibm): Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.

import { reduce } from './reduce.ts'

const quarterPi = 0.7853981633974483

/** sin(x + y) for |x| ≤ π/4, y the tail of x. */
function kernelSin(x: number, y: number): number {
  const z = x * x
  const w = z * z
  const r =
    8.33333333332248946124e-3 +
    z * (-1.98412698298579493134e-4 + z * 2.75573137070700676789e-6) +
    z * w * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10)
  const v = z * x
  return x - (z * (0.5 * y - v * r) - y - v * -1.66666666666666324348e-1)
}

function kernelCos(x: number, y: number): number {
  const z = x * x
  const w = z * z
  const r =
    z * (4.16666666666666019037e-2 + z * (-1.38888888888741095749e-3 + z * 2.48015872894767294178e-5)) +
    w * w * (-2.75573143513906633035e-7 + z * (2.0875723212981748279e-9 + z * -1.13596475577881948265e-11))
  const half = 0.5 * z
  const top = 1 - half
  return top + (1 - top - half + (z * r - x * y))
}

/** Sine, within 1 ulp for every finite x. */
export function sin(x: number): number {
  if (x <= quarterPi && x >= -quarterPi) return x < 2 ** -26 && x > -(2 ** -26) ? x : kernelSin(x, 0)
  if (!Number.isFinite(x)) return Number.NaN
  const { quadrant, high, low } = reduce(x)
  const y = (quadrant & 1) === 0 ? kernelSin(high, low) : kernelCos(high, low)
  return quadrant >= 2 ? -y : y
}

/** Cosine, within 1 ulp for every finite x. */
export function cos(x: number): number {
  if (x <= quarterPi && x >= -quarterPi) return kernelCos(x, 0)
  if (!Number.isFinite(x)) return Number.NaN
  const { quadrant, high, low } = reduce(x)
  const y = (quadrant & 1) === 0 ? kernelCos(high, low) : kernelSin(high, low)
  return quadrant === 1 || quadrant === 2 ? -y : y
}
