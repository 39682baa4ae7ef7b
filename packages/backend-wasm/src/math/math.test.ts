import { math } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { evaluateOp } from '../testing/unary.ts'

/** Ops and their largest error in ulp, over all f32. */
const bounds = {
  cos: 1,
  erf: 2,
  exp: 1.1,
  expm1: 2,
  log: 1,
  log1p: 1,
  sigmoid: 2,
  sin: 1,
  tanh: 2.7,
} as const

/** Every so-many-th bit pattern; all of them take minutes. */
const stride = process.env.STINT_FULL === '1' ? 4099 : 65537

/** f32 numbers of all sizes and both signs, and special ones. */
function sample(): Float32Array {
  const bits = new Uint32Array(Math.floor(2 ** 32 / stride))
  for (let i = 0; i < bits.length; i++) bits[i] = i * stride
  const special = [
    0,
    -0,
    Infinity,
    -Infinity,
    NaN,
    1,
    -1,
    2 ** -149,
    -(2 ** -149),
    2 ** -126,
    88.72283,
    -103.97,
  ]
  const some = Array.from({ length: 40_000 }, (_, i) => (i - 20_000) / 2000)
  return Float32Array.from([...special, ...some, ...new Float32Array(bits.buffer)])
}

/** How far `got` is from the exact value, in spacings of f32 there. */
function errorInUlp(got: number, exact: number): number {
  const rounded = Math.fround(exact)
  if (Object.is(got, rounded)) return 0
  if (!Number.isFinite(exact) || !Number.isFinite(got)) return got === rounded ? 0 : Number.POSITIVE_INFINITY
  if (got === 0 && rounded === 0) return Number.POSITIVE_INFINITY
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(exact))))
  return Math.abs(got - exact) / 2 ** (exponent - 23)
}

describe('f32 functions', () => {
  for (const [name, bound] of Object.entries(bounds))
    test(`${name} is within ${bound} ulp of the exact value`, () => {
      const x = sample()
      const y = evaluateOp(name as keyof typeof bounds, x)
      let [worst, where] = [0, 0]
      for (let i = 0; i < x.length; i++) {
        const exact = math[name as keyof typeof bounds](x[i]!)
        if (Number.isNaN(exact) && Number.isNaN(y[i]!)) continue
        const error = errorInUlp(y[i]!, exact)
        if (!(error <= worst)) [worst, where] = [error, i]
      }
      expect(worst, `at ${x[where]}: ${y[where]}`).toBeLessThanOrEqual(bound)
    })
})
