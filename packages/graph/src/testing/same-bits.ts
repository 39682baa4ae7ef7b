import type { TypedArray } from '../dtype.ts'

/**
 * The first place where two arrays differ in a bit, or undefined where they are the same; −0 differs from 0, and every
 * NaN is the same, as which one comes of an operation is not laid down.
 */
export function firstDifference(a: TypedArray, b: TypedArray): number | undefined {
  if (a.constructor !== b.constructor || a.length !== b.length) return Math.min(a.length, b.length)
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return i
  return undefined
}
