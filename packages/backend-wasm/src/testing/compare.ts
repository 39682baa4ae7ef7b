import type { TypedArray } from '@stint/graph'
import { expect } from 'vitest'

/** Equal bits, every NaN alike: engines do not say which NaN an operation gives. */
export function expectSame(got: TypedArray, expected: TypedArray, what: string): void {
  expect(got.length, what).toBe(expected.length)
  for (let i = 0; i < got.length; i++)
    if (!Object.is(got[i], expected[i]))
      expect.fail(`${what}: element ${i} of ${got.length} is ${got[i]}, not ${expected[i]}`)
}

export interface Tolerance {
  readonly ulp?: number
  readonly absolute?: number
}

/** Within so many ulp, or so close absolutely. */
export function expectNear(
  got: TypedArray,
  expected: TypedArray,
  { ulp = 0, absolute = 0 }: Tolerance,
  what: string,
): void {
  expect(got.length, what).toBe(expected.length)
  for (let i = 0; i < got.length; i++) {
    const [x, y] = [got[i]!, expected[i]!]
    if (Object.is(x, y) || Math.abs(x - y) <= absolute || ulpsApart(x, y, got instanceof Float64Array) <= ulp)
      continue
    expect.fail(`${what}: element ${i} is ${x}, expected ${y} within ${ulp} ulp`)
  }
}

/** How many floats apart, ∞ between NaN and a number. */
function ulpsApart(x: number, y: number, wide: boolean): number {
  if (Number.isNaN(x) || Number.isNaN(y))
    return Number.isNaN(x) && Number.isNaN(y) ? 0 : Number.POSITIVE_INFINITY
  const apart = order(x, wide) - order(y, wide)
  return Number(apart < 0n ? -apart : apart)
}

/** The place of a float among all floats. */
function order(x: number, wide: boolean): bigint {
  if (wide) {
    const bits = new BigInt64Array(Float64Array.of(x).buffer)[0]!
    return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits
  }
  const bits = new Int32Array(Float32Array.of(x).buffer)[0]!
  return BigInt(bits < 0 ? -(bits & 0x7fffffff) : bits)
}
