// After FreeBSD msun (fdlibm): Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.

import { highWord } from './bits.ts'

/** What is left of an angle after whole quarter turns: quadrant, and remainder in two parts. */
export interface Reduced {
  quadrant: number
  high: number
  low: number
}

const shared: Reduced = { quadrant: 0, high: 0, low: 0 }

/** Reduces |x| > π/4 to [−π/4, π/4]. The result is reused by the next call. */
export function reduce(x: number): Reduced {
  if (x < 1647099 && x > -1647099) return cody(x)
  return exact(x)
}

/** π/2 in three parts (Cody & Waite 1980): enough up to 2²⁰ quarter turns. */
function cody(x: number): Reduced {
  const n = Math.round(x * 6.36619772367581382433e-1)
  const exponent = (highWord(x) >> 20) & 0x7ff
  let r = x - n * 1.57079632673412561417
  let w = n * 6.07710050650619224932e-11
  let y = r - w
  if (exponent - ((highWord(y) >> 20) & 0x7ff) > 16) {
    let t = r
    w = n * 6.0771005063039659766e-11
    r = t - w
    w = n * 2.02226624879595063154e-21 - (t - r - w)
    y = r - w
    if (exponent - ((highWord(y) >> 20) & 0x7ff) > 49) {
      t = r
      w = n * 2.0222662487111664558e-21
      r = t - w
      w = n * 8.47842766036889956997e-32 - (t - r - w)
      y = r - w
    }
  }
  shared.quadrant = n & 3
  shared.high = y
  shared.low = r - y - w
  return shared
}

const precision = 1280n
let halfPi: bigint | undefined

/** Huge angles, exactly: x is a whole number of 2⁻³² at least, and π/2 is known to 1280 bits. */
function exact(x: number): Reduced {
  halfPi ??= pi(precision) >> 1n
  const size = x < 0 ? -x : x
  const scaled = size < 2 ** 53 ? BigInt(size * 2 ** 40) << (precision - 40n) : BigInt(size) << precision
  let n = scaled / halfPi
  let rest = scaled - n * halfPi
  if (2n * rest > halfPi) {
    n += 1n
    rest -= halfPi
  }
  const high = toNumber(rest)
  const low = toNumber(rest - BigInt.asIntN(2048, fromNumber(high)))
  const sign = x < 0 ? -1 : 1
  shared.quadrant = (Number(n & 3n) * sign) & 3
  shared.high = sign * high
  shared.low = sign * low
  return shared
}

/** A fixed-point number with `precision` bits after the point as a double: the top 64 bits decide. */
function toNumber(fixed: bigint): number {
  const size = fixed < 0n ? -fixed : fixed
  const drop = BigInt(Math.max(0, size.toString(2).length - 64))
  const value = Number(size >> drop) * 2 ** Number(drop - precision)
  return fixed < 0n ? -value : value
}

function fromNumber(x: number): bigint {
  // |x| < 1, so x · 2¹⁰²³ is finite, and whole for every remainder that can occur.
  return BigInt(x * 2 ** 1023) << (precision - 1023n)
}

/** π with `bits` bits after the point, by Machin's formula. */
function pi(bits: bigint): bigint {
  const one = 1n << (bits + 32n)
  const arctan = (inverse: bigint): bigint => {
    let [term, sum, k] = [one / inverse, 0n, 1n]
    for (let sign = 1n; term !== 0n; sign = -sign) {
      sum += (sign * term) / k
      term /= inverse * inverse
      k += 2n
    }
    return sum
  }
  return (16n * arctan(5n) - 4n * arctan(239n)) >> 32n
}
