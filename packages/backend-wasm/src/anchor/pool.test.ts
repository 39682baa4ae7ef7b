import {
  emit,
  f32,
  f64,
  maxPool,
  type PoolOptions,
  sumPool,
  type Type,
  type Value,
  type WindowAttrs,
} from '@stint/graph'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { check } from '../testing/anchors.ts'

const runs = process.env.STINT_FULL === '1' ? 200 : 30
const exact = { tolerance: 0, wild: true }

function attrsOf(rank: number, { window, stride, padding = 0 }: PoolOptions): WindowAttrs {
  const list = (x: number | readonly number[]): readonly number[] =>
    typeof x === 'number' ? new Array<number>(rank).fill(x) : x
  const pads = typeof padding === 'number' ? new Array<number>(rank).fill(padding) : padding
  return {
    window: list(window),
    stride: list(stride ?? window),
    padding: pads.map(p => (typeof p === 'number' ? ([p, p] as const) : p)),
  }
}

type Op = 'maxPoolGather' | 'maxPoolScatter' | 'sumUnpool'

/** A derivative of pooling over inputs of the given type, and the types of what it takes. */
function derivative(op: Op, x: Type, options: PoolOptions): [(...x: Value[]) => Value, Type[]] {
  const spatial = x.shape.slice(2)
  const attrs = attrsOf(spatial.length, options)
  const places = spatial.map((d, i) => {
    const [before, after] = attrs.padding[i]!
    return Math.floor((d + before + after - attrs.window[i]!) / attrs.stride[i]!) + 1
  })
  const y = { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...places] }
  if (op === 'sumUnpool') return [ct => emit(op, { ...attrs, size: spatial }, ct!), [y]]
  return [(a, b) => emit(op, attrs, a!, b!), op === 'maxPoolGather' ? [x, x] : [x, y]]
}

const derivatives = ['maxPoolGather', 'maxPoolScatter', 'sumUnpool'] as const

describe('pooling', () => {
  const cases: Record<string, readonly [size: readonly number[], options: PoolOptions]> = {
    'two by two': [[2, 3, 8, 12], { window: 2 }],
    'an edge is left over': [[1, 2, 7, 11], { window: 2 }],
    'three by three of stride 2, padded': [[2, 3, 9, 9], { window: 3, stride: 2, padding: 1 }],
    'overlapping rows': [[1, 2, 6, 10], { window: [2, 3], stride: 1 }],
    'stride beyond the window': [[1, 2, 9, 10], { window: [1, 2], stride: [2, 3] }],
    'the whole image': [[2, 5, 6, 6], { window: 6 }],
    'one spatial axis': [[2, 3, 11], { window: 3, stride: 2, padding: 1 }],
    'one spatial axis, side by side': [[2, 3, 16], { window: 2 }],
  }
  for (const [name, [size, options]] of Object.entries(cases))
    for (const type of [f32(...size), f64(...size)])
      test(`${name}, ${type.dtype}`, () => {
        check(x => maxPool(x!, options), [type], exact)
        check(x => sumPool(x!, options), [type], exact)
        for (const op of derivatives) check(...derivative(op, type, options), exact)
      })

  test('any sizes', () => {
    const pair = <T>(x: fc.Arbitrary<T>) => fc.tuple(x, x)
    const axis = fc
      .record({
        size: fc.integer({ min: 1, max: 14 }),
        window: fc.integer({ min: 1, max: 4 }),
        stride: fc.integer({ min: 1, max: 4 }),
        before: fc.integer({ min: 0, max: 2 }),
        after: fc.integer({ min: 0, max: 2 }),
      })
      .filter(a => a.before < a.window && a.after < a.window && a.size + a.before + a.after >= a.window)
    fc.assert(
      fc.property(pair(axis), fc.integer({ min: 1, max: 3 }), (axes, channels) => {
        const type = f32(2, channels, axes[0].size, axes[1].size)
        const options = {
          window: axes.map(a => a.window),
          stride: axes.map(a => a.stride),
          padding: axes.map(a => [a.before, a.after] as const),
        }
        check(x => maxPool(x!, options), [type], exact)
        check(x => sumPool(x!, options), [type], exact)
        for (const op of derivatives) check(...derivative(op, type, options), exact)
      }),
      { seed: 5, numRuns: runs },
    )
  })

  test('with work before and after', () => {
    const fn = (x: Value, b: Value): Value => maxPool(x.mul(2).relu(), { window: 2 }).add(b)
    check(fn as never, [f32(3, 4, 10, 14), f32(3, 4, 5, 7)], { tolerance: 0 })
    const scattered = (x: Value, ct: Value): Value => {
      const [op] = derivative('maxPoolScatter', x.type, { window: 2 })
      return op(x.neg(), ct.mul(3)).add(x)
    }
    check(scattered as never, [f32(2, 3, 6, 10), f32(2, 3, 3, 5)], { tolerance: 0 })
  })
})
