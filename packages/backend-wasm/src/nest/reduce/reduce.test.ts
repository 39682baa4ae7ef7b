import { type DType, f32, type Type, type Value } from '@stint/graph'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { check } from '../../testing/check.ts'

/** Where the order of accumulation shows. */
const near = { ulp: 2, absolute: 1e-6 }

/** All subsets of the axes of a rank but the empty one. */
function axisSets(rank: number): number[][] {
  return Array.from({ length: 2 ** rank - 1 }, (_, bits) =>
    Array.from({ length: rank }, (_, a) => a).filter(a => ((bits + 1) >> a) & 1),
  )
}

describe('sum, max and min over every set of axes', () => {
  const shapes = [[7], [5, 300], [300, 5], [3, 4, 5], [2, 3, 20, 20], [1, 9, 1], [40, 1, 30]]
  for (const shape of shapes)
    test(`of [${shape}]`, async () => {
      for (const axes of axisSets(shape.length))
        for (const dtype of ['f32', 'f64', 'i32'] as const) {
          await check((x: Value) => [x.max(axes), x.min(axes)], [{ dtype, shape }], { wild: true })
          await check((x: Value) => x.sum(axes), [{ dtype, shape }], near)
        }
    })
})

test('integers wrap, NaN spreads', async () => {
  for (const dtype of ['i32', 'u32', 'u8'] as const)
    for (const axes of [[0], [1], [0, 1]])
      await check(
        (x: Value) => [x.sum(axes), x.max(axes), x.sub(x.min(axes, true))],
        [{ dtype, shape: [30, 40] }],
        {
          wild: true,
        },
      )
})

test('over nothing, and of nothing', async () => {
  await check((x: Value) => [x.sum(1), x.sum(0)], [f32(3, 0)])
  await check((x: Value) => x.sum(1).add(1), [f32(3, 0)])
})

test('what is summed up last is written along with it', async () => {
  const exponentials = (x: Value): Value[] => {
    const e = x.sub(x.max([1], true)).exp()
    return [e, e.sum([1])]
  }
  for (const shape of [
    [7, 3],
    [64, 128],
    [5, 1003],
    [40, 9000],
    [2, 20_000],
    [3, 6, 7],
  ])
    for (const dtype of ['f32', 'f64'] as const) await check(exponentials, [{ dtype, shape }], near)
})

describe('stages', () => {
  const types: [string, readonly number[]][] = [
    ['short rows', [64, 10]],
    ['long rows', [3, 1000]],
    ['one row', [1, 700]],
    ['many axes', [4, 5, 6, 7]],
  ]
  for (const [name, shape] of types)
    for (const dtype of ['f32', 'f64'] as DType[])
      test(`${name}, ${dtype}`, async () => {
        const type: Type = { dtype, shape }
        await check((x: Value) => x.softmax(), [type], near)
        await check((x: Value) => x.softmax(0), [type], near)
        await check((x: Value) => x.logSoftmax(-1), [type], near)
        await check(
          (x: Value) => {
            const centred = x.sub(x.mean(-1, true))
            return centred.mul(centred.square().mean(-1, true).add(1e-5).rsqrt())
          },
          [type],
          near,
        )
        await check(
          (x: Value) => {
            const mean = x.mean(0, true)
            const variance = x.sub(mean).square().mean(0, true)
            return [x.sub(mean).div(variance.add(1e-5).sqrt()), mean, variance]
          },
          [type],
          near,
        )
      })
})

test('batch normalization over images, kept axis in the middle', async () => {
  for (const [n, c, s] of [
    [8, 6, 14],
    [3, 5, 4],
    [2, 3, 20],
  ] as const)
    await check(
      (x: Value, g: Value, b: Value) => {
        const mean = x.mean([0, 2, 3], true)
        const centred = x.sub(mean)
        const variance = centred.square().mean([0, 2, 3], true)
        const scale = g.reshape([c, 1, 1]).mul(variance.add(1e-5).rsqrt())
        return [
          centred
            .mul(scale)
            .add(b.reshape([c, 1, 1]))
            .relu(),
          mean.reshape([c]),
          variance.reshape([c]),
        ]
      },
      [f32(n, c, s, s), f32(c), f32(c)],
      near,
    )
})

test('columns, whole and cut into blocks', async () => {
  for (const columns of [4, 10, 255, 600])
    for (const rows of [2, 3, 70])
      await check((x: Value) => [x.sum(0), x.max(0), x.sub(x.mean(0))], [f32(rows, columns)], near)
  await check((x: Value) => [x.sum([0, 2]), x.sum([1, 2])], [f32(4, 6, 5, 40)], near)
})

test('movement and work before, work after', async () => {
  await check((x: Value) => x.transpose().exp().sum(1).log(), [f32(50, 20)], near)
  await check((x: Value) => x.pad([1, 2], [2, 1], 3).square().sum(0).sqrt(), [f32(50, 20)], near)
  await check((x: Value, y: Value) => x.concat([y], 1).flip(0).max(1, true).mul(2), [f32(9, 30), f32(9, 20)])
  await check((x: Value) => x.gt(0).cast('f32').sum().div(600), [f32(20, 30)])
  await check((x: Value, w: Value) => x.mul(w).sum(-1).add(w.sum()), [f32(20, 30), f32(30)], near)
})

test('random shapes and axes are near the reference', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
      fc.nat(1000),
      fc.constantFrom('f32' as const, 'f64' as const),
      (shape, bits, dtype) => {
        const sets = axisSets(shape.length)
        const axes = sets[bits % sets.length]!
        return check(
          (x: Value) => {
            const total = x.mul(1.1).sum(axes, true)
            const rest = x.sub(total)
            return [rest, rest.max(axes), total]
          },
          [{ dtype, shape }],
          { ...near, seed: bits },
        )
      },
    ),
    { seed: 12, numRuns: process.env.STINT_FULL === '1' ? 1000 : 30 },
  )
})
