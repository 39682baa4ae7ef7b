import type { TypedArray } from '@stint/graph'
import type { Case, Tolerance } from './case.ts'

/** What a run gave for one stored tensor (or list of numbers). */
export interface Found {
  readonly name: string
  readonly got: TypedArray | readonly number[]
  readonly expected: TypedArray | readonly number[]
  /** The case's own unless given. */
  readonly tolerance?: Tolerance
}

/** The worst element of a tensor that differs. */
export interface Mismatch {
  readonly tensor: string
  /** Row-major position, or −1 where the numbers of elements differ. */
  readonly element: number
  readonly expected: number
  readonly got: number
  /** `|got − expected|` and what was allowed there. */
  readonly error: number
  readonly allowed: number
}

/** The worst element outside of the tolerance, or null. Shapes are not compared, only numbers of elements. */
export function mismatch(of: Case, found: Found): Mismatch | null {
  const { name, got, expected } = found
  if (got.length !== expected.length)
    return {
      tensor: name,
      element: -1,
      expected: expected.length,
      got: got.length,
      error: Number.NaN,
      allowed: 0,
    }
  const exact = expected instanceof Int32Array
  const { rtol, atol } = found.tolerance ?? { rtol: of.rtol, atol: of.atols?.[name] ?? of.atol }
  let worst: Mismatch | null = null
  for (let i = 0; i < got.length; i++) {
    const [a, b] = [got[i] as number, expected[i] as number]
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue
    const slack = typeof atol === 'number' ? atol : (atol[i] as number)
    const allowed = exact || !Number.isFinite(b) ? 0 : slack + rtol * Math.abs(b)
    const error = Math.abs(a - b)
    if (error <= allowed) continue
    const far = (m: Mismatch): number =>
      m.allowed === 0 || Number.isNaN(m.error) ? Infinity : m.error / m.allowed
    const next = { tensor: name, element: i, expected: b, got: a, error, allowed }
    if (worst === null || far(next) > far(worst)) worst = next
  }
  return worst
}
