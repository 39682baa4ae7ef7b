// After FreeBSD msun (fdlibm): Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.

const high = [
  4.63647609000806093515e-1, 7.85398163397448278999e-1, 9.82793723247329054082e-1, 1.570796326794896558,
]
const low = [
  2.26987774529616870924e-17, 3.06161699786838301793e-17, 1.39033110312309984516e-17,
  6.12323399573676603587e-17,
]

/** Inverse tangent, within 1 ulp. */
export function atan(x: number): number {
  const size = x < 0 ? -x : x
  if (size !== size || size < 2 ** -27) return x
  if (size >= 2 ** 66) return x < 0 ? -high[3]! : high[3]!
  let part = -1
  let r = size
  if (size >= 2.4375) {
    part = 3
    r = -1 / size
  } else if (size >= 1.1875) {
    part = 2
    r = (size - 1.5) / (1 + 1.5 * size)
  } else if (size >= 0.6875) {
    part = 1
    r = (size - 1) / (size + 1)
  } else if (size >= 0.4375) {
    part = 0
    r = (2 * size - 1) / (2 + size)
  }
  const z = r * r
  const w = z * z
  const odd =
    z *
    (3.33333333333329318027e-1 +
      w *
        (1.42857142725034663711e-1 +
          w *
            (9.09088713343650656196e-2 +
              w *
                (6.66107313738753120669e-2 +
                  w * (4.97687799461593236017e-2 + w * 1.62858201153657823623e-2)))))
  const even =
    w *
    (-1.99999999998764832476e-1 +
      w *
        (-1.1111110405462355788e-1 +
          w *
            (-7.69187620504482999495e-2 + w * (-5.83357013379057348645e-2 + w * -3.6531572744216915527e-2))))
  const y = part < 0 ? r - r * (odd + even) : high[part]! - (r * (odd + even) - low[part]! - r)
  return x < 0 ? -y : y
}

/** The angle of (x, y), in (−π, π], within 2 ulp. */
export function atan2(y: number, x: number): number {
  if (x !== x || y !== y) return Number.NaN
  const left = x < 0 || Object.is(x, -0)
  const down = y < 0 || Object.is(y, -0)
  const infinite = (v: number): boolean => v === Number.POSITIVE_INFINITY || v === Number.NEGATIVE_INFINITY
  let angle: number
  if (y === 0) angle = left ? Math.PI : 0
  else if (infinite(x)) angle = infinite(y) ? (left ? 3 : 1) * (Math.PI / 4) : left ? Math.PI : 0
  else if (x === 0 || infinite(y)) angle = Math.PI / 2
  else {
    const ratio = y / x
    const z = atan(ratio < 0 ? -ratio : ratio)
    angle = left ? Math.PI - (z - 1.2246467991473531772e-16) : z
  }
  return down ? -angle : angle
}
