import { setFlagsFromString } from 'node:v8'
import { compile } from '@stint/engine'
import { f32 } from '@stint/graph'
import { afterEach, expect, test, vi } from 'vitest'
import { RelaxedSimdError, wasm } from './index.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test('where the engine has no relaxed SIMD, asking for it is refused at once, and nothing else is', () => {
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
  expect(() => wasm({ relaxed: true })).toThrow(RelaxedSimdError)
  expect(() => wasm({ relaxed: true })).toThrow(
    expect.objectContaining({
      code: 'RELAXED_SIMD',
      expected: expect.stringContaining('relaxed SIMD'),
      got: expect.stringContaining('relaxed_madd'),
      hint: expect.stringContaining('Node 22'),
    }),
  )
  expect(wasm().name).toBe('wasm')
})

test('the engine is asked, and where it has relaxed SIMD a product runs by it', async () => {
  const old = process.version.startsWith('v20.')
  if (old) {
    expect(() => wasm({ relaxed: true })).toThrow(RelaxedSimdError)
    setFlagsFromString('--experimental-wasm-relaxed-simd')
  }
  await using product = await compile((x, w) => x.matmul(w), {
    inputs: [f32(8, 2), f32(2, 8)],
    backend: wasm({ relaxed: true }),
  })
  // −(1 + 2⁻¹¹) + (1 + 2⁻¹²)²: the square is rounded, or is not.
  const x = Float32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 1 : 1 + 2 ** -12))
  const w = Float32Array.from({ length: 16 }, (_, i) => (i < 8 ? -1 - 2 ** -11 : 1 + 2 ** -12))
  const [first, ...others] = (await product(x, w)) as Float32Array
  expect([0, 2 ** -24]).toContain(first)
  expect(new Set(others)).toEqual(new Set([first]))
})
