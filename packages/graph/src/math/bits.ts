/** The words of a double, through one pair of shared views (all hosts of JavaScript engines are little-endian). */
const double = new Float64Array(1)
const words = new Int32Array(double.buffer)

/** Sign, exponent and the upper 20 bits of the fraction. */
export function highWord(x: number): number {
  double[0] = x
  return words[1]!
}

/** `x` with another high word. */
export function withHighWord(x: number, high: number): number {
  double[0] = x
  words[1] = high
  return double[0]
}

/** `x` with its lower 32 bits cleared. */
export function withoutLowWord(x: number): number {
  double[0] = x
  words[0] = 0
  return double[0]
}

/** y · 2ᵏ, rounded once. */
export function scale(y: number, k: number): number {
  let x = y
  let n = k
  if (n > 1023) {
    x *= 2 ** 1023
    n -= 1023
    if (n > 1023) {
      x *= 2 ** 1023
      n = Math.min(n - 1023, 1023)
    }
  } else if (n < -1022) {
    x *= 2 ** -969
    n += 969
    if (n < -1022) {
      x *= 2 ** -969
      n = Math.max(n + 969, -1022)
    }
  }
  return x * powerOfTwo(n)
}

/** 2ᵏ for −1022 ≤ k ≤ 1023. */
export function powerOfTwo(k: number): number {
  words[0] = 0
  words[1] = (k + 1023) << 20
  return double[0]!
}
