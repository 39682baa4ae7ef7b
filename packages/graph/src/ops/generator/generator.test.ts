import { describe, expect, it } from 'vitest'
import { arg, run, values } from '../../evaluate/testing.ts'
import { iota, randomBits, randomUniform } from '../../functions/generator.ts'
import { full } from '../../functions/lift.ts'
import { randomBitsOf } from '../../random/index.ts'
import { ops } from '../index.ts'

const scalar = (x: number) => arg([x], [], 'i32')

describe('generators', () => {
  it('repeat a number as its dtype holds it', () => {
    expect(values(() => full(0.1, 'f32', [2]))).toEqual([Math.fround(0.1), Math.fround(0.1)])
    expect(values(() => full(true, 'bool', [1]))).toEqual([1])
    expect(run(() => full(3, 'i32'))).toEqual({ data: [3], shape: [], dtype: 'i32' })
  })

  it('count along an axis', () => {
    expect(values(() => iota([2, 3]))).toEqual([0, 1, 2, 0, 1, 2])
    expect(run(() => iota([2, 2], 0, 'f32'))).toEqual({ data: [0, 0, 1, 1], shape: [2, 2], dtype: 'f32' })
  })

  it('draw random bits by seed, step, key, call and element alone', () => {
    const key = [3, 9] as const
    const draw = (seed: number, step: number, call: number, shape: number[]) =>
      values((s, t) => randomBits(s!, t!, shape, { key, call }), scalar(seed), scalar(step))
    const expected = new Uint32Array(6)
    randomBitsOf(-1, 4, 3, 9, 2, 0, expected, 0, 6)
    expect(draw(-1, 4, 2, [2, 3])).toEqual([...expected])
    expect(draw(-1, 4, 2, [4])).toEqual([...expected.slice(0, 4)])
    for (const other of [draw(0, 4, 2, [6]), draw(-1, 5, 2, [6]), draw(-1, 4, 3, [6])])
      expect(other).not.toEqual([...expected])
  })

  it('draw numbers in [0, 1)', () => {
    const got = run((s, t) => randomUniform(s!, t!, [1000], { key: [1, 2] }), scalar(7), scalar(0))
    expect(got.dtype).toBe('f32')
    expect(got.data.every(x => x >= 0 && x < 1)).toBe(true)
    expect(got.data.reduce((a, b) => a + b, 0) / 1000).toBeCloseTo(0.5, 1)
  })

  it('refuse what is not a dtype, a key or an axis', () => {
    expect(() => ops.full.infer([], { value: 1, dtype: 'f16', shape: [] })).toThrow(/'f16' is not a dtype/)
    expect(() => ops.iota.infer([], { dtype: 'i32', shape: [2], axis: 1 })).toThrow(/axes below 1/)
    const scalars = [{ dtype: 'i32', shape: [] } as const, { dtype: 'i32', shape: [] } as const]
    expect(() => ops.randomBits.infer(scalars, { key: [1], call: 0, shape: [] })).toThrow(/two 32-bit words/)
    expect(() => ops.randomBits.infer([...scalars], { key: [1, 2], call: -1, shape: [] })).toThrow(
      /'call' is wrong/,
    )
  })
})
