import { type DType, f32, gather, i32, oneHot, scatterAdd, type Type, type Value } from '@stint/graph'
import { describe, test } from 'vitest'
import { check } from '../testing/check.ts'

// Indices are −1 to 8, of 8 rows: both ends are out of range.
const feed = { below: 10 }
const indices = (idx: Value) => idx.sub(1)

describe('gather', () => {
  for (const dtype of ['f32', 'f64', 'i32', 'u32', 'u8', 'bool'] as DType[])
    test(dtype, async () => {
      for (const rest of [[], [1], [5], [4, 20]]) {
        const table: Type = { dtype, shape: [8, ...rest] }
        await check((x: Value, i: Value) => gather(x, i), [table, i32(30)], feed)
        await check((x: Value, i: Value) => gather(x, indices(i)), [table, i32(5, 7)], feed)
      }
    })

  test('with work after', async () => {
    await check((x: Value, i: Value) => gather(x, indices(i)).relu().add(1), [f32(8, 40), i32(300)], feed)
    await check((x: Value, i: Value) => gather(x.exp(), i), [f32(8), i32()], feed)
  })
})

describe('scatterAdd', () => {
  for (const dtype of ['f32', 'f64', 'i32', 'u32', 'u8'] as DType[])
    test(dtype, async () => {
      for (const rest of [[], [1], [5], [4, 20]]) {
        const updates: Type = { dtype, shape: [30, ...rest] }
        await check((i: Value, u: Value) => scatterAdd(i, u, 8), [i32(30), updates], feed)
        await check((i: Value, u: Value) => scatterAdd(indices(i), u.mul(3), 8), [i32(30), updates], feed)
      }
    })

  test('into more rows than fit at once, and into none', async () => {
    await check((i: Value, u: Value) => scatterAdd(i, u, 1500), [i32(40), f32(40, 9)], { below: 1600 })
    await check((i: Value, u: Value) => scatterAdd(i, u, 0), [i32(40), f32(40, 9)], feed)
    await check((i: Value, u: Value) => scatterAdd(i, u, 3), [i32(0), f32(0, 9)], feed)
  })

  test('with work after', async () => {
    await check(
      (i: Value, u: Value, x: Value) => x.sub(scatterAdd(i, u, 8)),
      [i32(30), f32(30, 6), f32(8, 6)],
      feed,
    )
  })
})

test('one-hot and its product', () =>
  check((i: Value, x: Value) => oneHot(i, 10).mul(x.logSoftmax()).sum().neg(), [i32(64), f32(64, 10)], feed))
