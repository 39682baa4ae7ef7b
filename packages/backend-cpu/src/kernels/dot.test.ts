import { type DotAttrs, f32, type Value } from '@stint/graph'
import { describe, test } from 'vitest'
import { check } from '../testing/check.ts'

describe('matrix products, each operand as it is or transposed', () => {
  const sizes = [
    [1, 1, 1],
    [2, 3, 4],
    [7, 9, 5],
    [33, 17, 6],
    [5, 64, 1],
    [1, 20, 30],
    [40, 3, 40],
    [12, 0, 4],
  ] as const
  for (const [m, k, n] of sizes)
    test(`${m} × ${k} × ${n}`, async () => {
      for (const dtype of ['f32', 'f64'] as const) {
        const of = (...shape: number[]) => ({ dtype, shape })
        await check((a: Value, b: Value) => a.matmul(b), [of(m, k), of(k, n)])
        await check((a: Value, b: Value) => a.transpose().matmul(b), [of(k, m), of(k, n)])
        await check((a: Value, b: Value) => a.matmul(b.transpose()), [of(m, k), of(n, k)])
        await check((a: Value, b: Value) => a.transpose().matmul(b.transpose()), [of(k, m), of(n, k)])
      }
    })
})

test('transposed by its own attributes', async () => {
  for (const contract of [
    [[0], [0]],
    [[0], [1]],
    [[1], [0]],
    [[1], [1]],
  ] as const)
    await check((a: Value, b: Value) => a.dot(b, { batch: [[], []], contract }), [f32(12, 12), f32(12, 12)])
})

test('batched, with several free and contracted axes, in any order', async () => {
  const cases: { a: number[]; b: number[]; attrs: DotAttrs }[] = [
    { a: [3, 4, 5], b: [3, 5, 6], attrs: { batch: [[0], [0]], contract: [[2], [1]] } },
    { a: [4, 3, 5], b: [5, 6, 3], attrs: { batch: [[1], [2]], contract: [[2], [0]] } },
    {
      a: [2, 3, 4, 5],
      b: [3, 2, 5, 4],
      attrs: {
        batch: [
          [0, 1],
          [1, 0],
        ],
        contract: [[3], [2]],
      },
    },
    {
      a: [2, 3, 4, 5],
      b: [4, 2, 7],
      attrs: {
        batch: [[], []],
        contract: [
          [0, 2],
          [1, 0],
        ],
      },
    },
    {
      a: [2, 3, 4],
      b: [2, 3, 4],
      attrs: {
        batch: [[], []],
        contract: [
          [2, 0, 1],
          [2, 0, 1],
        ],
      },
    },
    { a: [2, 3, 4], b: [5, 6], attrs: { batch: [[], []], contract: [[], []] } },
    {
      a: [6, 2],
      b: [6, 2],
      attrs: {
        batch: [
          [0, 1],
          [0, 1],
        ],
        contract: [[], []],
      },
    },
    {
      a: [1, 3, 1, 4],
      b: [4, 1, 2],
      attrs: {
        batch: [[], []],
        contract: [
          [2, 3],
          [1, 0],
        ],
      },
    },
  ]
  for (const { a, b, attrs } of cases)
    for (const dtype of ['f32', 'f64'] as const)
      await check(
        (x: Value, y: Value) => x.dot(y, attrs),
        [
          { dtype, shape: a },
          { dtype, shape: b },
        ],
      )
})

test('work before and after', async () => {
  const [x, w, b] = [f32(70, 50), f32(50, 30), f32(30)]
  await check((a: Value, c: Value, d: Value) => a.relu().matmul(c).add(d).tanh(), [x, w, b])
  await check((a: Value, c: Value) => a.transpose().exp().matmul(c.mul(2)), [f32(50, 70), w])
  await check(
    (a: Value, c: Value) => a.pad([0, 1], [0, 1]).matmul(c.concat([c], 1).slice([0, 0], [50, 30])),
    [f32(70, 48), w],
  )
  await check((a: Value, c: Value, d: Value) => [a.matmul(c).add(d).relu(), a.matmul(c)], [x, w, b])
  await check((a: Value, c: Value, r: Value) => a.matmul(c).add(r), [x, w, f32(70, 30)])
  await check(
    (a: Value, c: Value) =>
      a
        .neg()
        .dot(c.exp(), { batch: [[0], [0]], contract: [[2], [2]] })
        .relu(),
    [f32(5, 30, 20), f32(5, 10, 20)],
  )
  await check(
    (a: Value, c: Value) => a.reshape([10, 20]).matmul(c).reshape([5, 2, 3, 1]).mul(2),
    [f32(10, 4, 5), f32(20, 3)],
  )
})

test('infinities and NaN', async () => {
  for (const dtype of ['f32', 'f64'] as const)
    await check(
      (a: Value, b: Value) => a.matmul(b),
      [
        { dtype, shape: [9, 20] },
        { dtype, shape: [20, 7] },
      ],
      { wild: true },
    )
})
