import { isFloat, type Type, type Value } from '@stint/graph'
import { type RandomGraphOptions, randomFunction } from '@stint/graph/testing'
import fc from 'fast-check'
import { describe, test, vi } from 'vitest'
import { checkDerivatives, pullback } from './testing/check.ts'
import { type Arg, arg, type Fn, floats, random, shapeOf } from './testing/numeric.ts'

const full = process.env.STINT_FULL === '1'
vi.setConfig({ testTimeout: full ? 1_800_000 : 120_000 })

/** A random smooth function of floats in [−2, 2], and arguments for it. */
function grown(seed: number, size: RandomGraphOptions): { fn: Fn; args: Arg[] } {
  const { fn, types } = randomFunction(seed, { ...size, dtype: 'f64', differentiable: true })
  return { fn: fn as (...x: Value[]) => Value, args: types.map((type, i) => argument(type, seed + i)) }
}

/** Integers are indices below four, or a seed and a step. */
function argument({ dtype, shape }: Type, seed: number): Arg {
  if (isFloat(dtype)) return random(shape, seed)
  return arg(
    random(shape, seed, 0, 4).data.map(x => Math.floor(x)),
    shape,
    dtype,
  )
}

/** Deep compositions are steep: with wider steps, differences have an error that shows. */
const options = { h: 1e-4, tolerance: 1e-7 }

const graphs = (most: number) => fc.record({ seed: fc.nat(1e6), nodes: fc.integer({ min: 5, max: most }) })

describe('of random graphs', () => {
  test('⟨jvp(v), u⟩ = ⟨v, vjp(u)⟩, and both are central differences', () => {
    fc.assert(
      fc.property(graphs(40), ({ seed, nodes }) => {
        const { fn, args } = grown(seed, { nodes })
        checkDerivatives(fn, args, options)
      }),
      { numRuns: full ? 2000 : 150, seed: 1 },
    )
  })

  test('so it is for the derivatives of their gradients', () => {
    fc.assert(
      fc.property(graphs(12), ({ seed, nodes }) => {
        const { fn, args } = grown(seed, { nodes })
        const u = random(shapeOf(fn, args), 31)
        for (const n of floats(args).keys()) {
          const cotangent: Fn = (...all) => pullback(fn, args)(...all)[n] as Value
          checkDerivatives(cotangent, [...args, u], options)
        }
      }),
      { numRuns: full ? 400 : 30, seed: 2 },
    )
  })
})
