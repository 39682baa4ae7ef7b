import { emit, type Padding, type Type, type Value, type WindowAttrs } from '@stint/graph'
import { describe, test } from 'vitest'
import { check, type Feed } from '../testing/check.ts'

interface Case {
  readonly size: readonly number[]
  readonly window: readonly number[]
  readonly stride: readonly number[]
  readonly padding?: Padding
}

async function checkAll(
  { size, window, stride, padding = size.map(() => [0, 0]) }: Case,
  feed: Feed,
): Promise<void> {
  const attrs: WindowAttrs = { window, stride, padding }
  const places = size.map(
    (d, i) => Math.floor((d + padding[i]![0] + padding[i]![1] - window[i]!) / stride[i]!) + 1,
  )
  for (const dtype of ['f32', 'f64'] as const) {
    const x: Type = { dtype, shape: [3, 2, ...size] }
    const y: Type = { dtype, shape: [3, 2, ...places] }
    await check((a: Value) => emit('maxPool', attrs, a), [x], feed)
    await check((a: Value, t: Value) => emit('maxPoolGather', attrs, a, t), [x, x], feed)
    await check((a: Value, ct: Value) => emit('maxPoolScatter', attrs, a, ct), [x, y], feed)
    await check((a: Value) => emit('sumPool', attrs, a), [x], feed)
    await check((ct: Value) => emit('sumUnpool', { ...attrs, size }, ct), [y], feed)
    if (dtype === 'f64') continue
    // With work before and after, plane by plane.
    await check((a: Value) => emit('maxPool', attrs, a.relu()).mul(2).add(1), [x], feed)
    await check(
      (a: Value, ct: Value) => emit('maxPoolScatter', attrs, a.neg(), ct.exp()).add(a),
      [x, y],
      feed,
    )
    await check(
      (a: Value) => [emit('sumPool', attrs, a.square()).div(4), emit('sumPool', attrs, a)],
      [x],
      feed,
    )
    await check(
      (ct: Value, m: Value) => m.gt(0).where(emit('sumUnpool', { ...attrs, size }, ct.div(4)), 0),
      [y, x],
      feed,
    )
  }
}

describe('pooling', () => {
  const cases: Record<string, Case> = {
    'side by side': { size: [6, 8], window: [2, 2], stride: [2, 2] },
    overlapping: { size: [7, 6], window: [3, 2], stride: [1, 1] },
    padded: {
      size: [7, 5],
      window: [3, 3],
      stride: [2, 2],
      padding: [
        [1, 1],
        [2, 0],
      ],
    },
    'with gaps': { size: [9, 9], window: [1, 2], stride: [3, 4] },
    'over a row': { size: [15], window: [4], stride: [3], padding: [[1, 2]] },
    'all of it': { size: [5, 4], window: [5, 4], stride: [1, 1] },
    'larger planes': { size: [28, 28], window: [2, 2], stride: [2, 2] },
  }
  for (const [name, of] of Object.entries(cases)) {
    test(name, () => checkAll(of, {}))
    test(`${name}, with ties, infinities and NaN`, () => checkAll(of, { wild: true }))
  }
})
