import { type ConvAttrs, emit, type Padding, type Type, type Value } from '@stint/graph'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { check, type Feed } from '../testing/check.ts'

interface Case {
  readonly n?: number
  /** Channels and filters of one group. */
  readonly c?: number
  readonly f?: number
  readonly groups?: number
  readonly size: readonly number[]
  readonly kernel: readonly number[]
  readonly stride?: readonly number[]
  readonly padding?: Padding
  readonly dilation?: readonly number[]
}

/** Attributes and the types of input, weights and output. */
function setUp({ n = 2, c = 2, f = 4, groups = 1, ...of }: Case, dtype: 'f32' | 'f64') {
  const attrs: ConvAttrs = {
    stride: of.stride ?? of.size.map(() => 1),
    padding: of.padding ?? of.size.map(() => [0, 0] as const),
    dilation: of.dilation ?? of.size.map(() => 1),
    groups,
  }
  const places = of.size.map((d, i) => {
    const [before, after] = attrs.padding[i]!
    return (
      Math.floor((d + before + after - (of.kernel[i]! - 1) * attrs.dilation[i]! - 1) / attrs.stride[i]!) + 1
    )
  })
  const type = (...shape: number[]): Type => ({ dtype, shape })
  return {
    attrs,
    x: type(n, c * groups, ...of.size),
    w: type(f * groups, c, ...of.kernel),
    g: type(n, f * groups, ...places),
  }
}

async function checkAll(of: Case, feed: Feed = {}): Promise<void> {
  for (const dtype of ['f32', 'f64'] as const) {
    const { attrs, x, w, g } = setUp(of, dtype)
    await check((a: Value, b: Value) => emit('conv', attrs, a, b), [x, w], feed)
    const toInput = { ...attrs, size: x.shape.slice(2) }
    await check((a: Value, b: Value) => emit('convInput', toInput, a, b), [g, w], feed)
    const toWeights = { ...attrs, size: w.shape.slice(2) }
    await check((a: Value, b: Value) => emit('convWeight', toWeights, a, b), [x, g], feed)
  }
}

describe('convolution and its transposes', () => {
  const cases: Record<string, Case> = {
    plain: { size: [7, 9], kernel: [3, 3] },
    'padded to the same size': {
      size: [6, 5],
      kernel: [3, 3],
      padding: [
        [1, 1],
        [1, 1],
      ],
      c: 3,
      f: 5,
    },
    'padded unevenly': {
      size: [6, 5],
      kernel: [3, 2],
      padding: [
        [0, 2],
        [3, 1],
      ],
    },
    'padded by more than the kernel': {
      size: [3, 4],
      kernel: [2, 2],
      padding: [
        [4, 3],
        [5, 0],
      ],
    },
    strided: { size: [9, 10], kernel: [3, 3], stride: [2, 3] },
    'strided and padded': {
      size: [9, 8],
      kernel: [5, 5],
      stride: [2, 2],
      padding: [
        [2, 2],
        [2, 2],
      ],
    },
    'stride beyond the kernel': { size: [11, 12], kernel: [2, 1], stride: [4, 3] },
    'stride beyond the image': {
      size: [3, 2],
      kernel: [2, 2],
      stride: [5, 7],
      padding: [
        [1, 0],
        [0, 1],
      ],
    },
    dilated: {
      size: [9, 11],
      kernel: [3, 2],
      dilation: [2, 3],
      padding: [
        [1, 0],
        [2, 2],
      ],
    },
    'strided and dilated': {
      size: [13, 12],
      kernel: [3, 3],
      stride: [2, 3],
      dilation: [3, 2],
      padding: [
        [3, 2],
        [1, 2],
      ],
    },
    grouped: {
      size: [6, 6],
      kernel: [3, 3],
      groups: 3,
      c: 2,
      f: 2,
      padding: [
        [1, 1],
        [1, 1],
      ],
    },
    depthwise: {
      size: [6, 7],
      kernel: [3, 3],
      groups: 4,
      c: 1,
      f: 1,
      padding: [
        [1, 1],
        [1, 1],
      ],
    },
    'one by one': { size: [4, 5], kernel: [1, 1], c: 5, f: 7 },
    'over a row': { size: [20], kernel: [5], stride: [2], padding: [[2, 1]], c: 3, f: 2 },
    'dilated over a row, in groups': { size: [20], kernel: [3], dilation: [4], groups: 2 },
    'kernel as large as the image': { size: [4, 3], kernel: [4, 3], c: 4, f: 3 },
    'one of everything': { size: [1, 1], kernel: [1, 1], n: 1, c: 1, f: 1 },
    'larger images': {
      size: [14, 14],
      kernel: [3, 3],
      padding: [
        [1, 1],
        [1, 1],
      ],
      c: 6,
      f: 6,
      n: 3,
    },
  }
  for (const [name, of] of Object.entries(cases)) test(name, () => checkAll(of))
})

test('infinities and NaN reach no further than they are read', async () => {
  const padding: Padding = [
    [1, 1],
    [2, 2],
  ]
  await checkAll({ size: [5, 6], kernel: [3, 3], padding }, { wild: true })
  await checkAll(
    { size: [6, 7], kernel: [2, 3], stride: [2, 2], dilation: [2, 1], groups: 2, padding },
    { wild: true },
  )
})

test('an empty batch', () => checkAll({ n: 0, size: [5, 6], kernel: [3, 3] }))

test('random geometries have the bits of the reference', async () => {
  const small = (max: number, min = 1) => fc.integer({ min, max })
  const pair = (max: number, min = 1) => fc.tuple(small(max, min), small(max, min))
  await fc.assert(
    fc.asyncProperty(
      fc.record({ n: small(3), c: small(4), f: small(4), groups: small(3) }),
      fc.record({ size: pair(10), kernel: pair(4), stride: pair(3), dilation: pair(3) }),
      fc.tuple(pair(3, 0), pair(3, 0)),
      async (counts, of, padding) => {
        const fits = of.size.every(
          (d, i) => d + padding[i]![0] + padding[i]![1] >= (of.kernel[i]! - 1) * of.dilation[i]! + 1,
        )
        if (fits) await checkAll({ ...counts, ...of, padding }, { seed: of.size[0] })
      },
    ),
    { seed: 13, numRuns: process.env.STINT_FULL === '1' ? 500 : 25 },
  )
})

describe('work before and after', () => {
  const { attrs, x, w, g } = setUp(
    {
      n: 5,
      c: 6,
      f: 6,
      size: [14, 14],
      kernel: [3, 3],
      padding: [
        [1, 1],
        [1, 1],
      ],
    },
    'f32',
  )
  const like = (t: Type): Type => ({ dtype: 'bool', shape: t.shape })
  const bias: Type = { dtype: 'f32', shape: [6, 1, 1] }

  test('forward', async () => {
    await check(
      (a: Value, k: Value, b: Value) => emit('conv', attrs, a.relu(), k).add(b).relu(),
      [x, w, bias],
    )
    await check((a: Value, k: Value, r: Value) => emit('conv', attrs, a, k.mul(2)).add(r), [x, w, g])
    await check(
      (a: Value, k: Value, b: Value) => {
        const y = emit('conv', attrs, a.mul(b), k)
        return [y, y.add(b).relu().cast('bool')]
      },
      [x, w, bias],
    )
    await check(
      (a: Value, k: Value) =>
        emit('conv', attrs, a.flip(3), k.flip(0))
          .reshape([5, 6 * 14 * 14])
          .neg(),
      [x, w],
    )
  })

  test('input gradient', async () => {
    const toInput = { ...attrs, size: [14, 14] }
    await check(
      (ct: Value, k: Value, m: Value) => emit('convInput', toInput, m.where(ct, 0), k),
      [g, w, like(g)],
    )
    await check(
      (ct: Value, k: Value, r: Value) => emit('convInput', toInput, ct.mul(3), k).add(r).relu(),
      [g, w, x],
    )
  })

  test('weight gradient', async () => {
    const toWeights = { ...attrs, size: [3, 3] }
    await check(
      (a: Value, ct: Value, m: Value) => emit('convWeight', toWeights, a.relu(), m.where(ct, 0)),
      [x, g, like(g)],
    )
    await check(
      (a: Value, ct: Value, k: Value) => k.sub(emit('convWeight', toWeights, a, ct).mul(0.1)),
      [x, g, w],
    )
  })
})
