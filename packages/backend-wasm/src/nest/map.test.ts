import {
  type DType,
  dtypes,
  type ElementwiseOp,
  emit,
  f32,
  i32,
  type OpName,
  ops,
  randomBits,
  randomUniform,
  type Type,
  type Value,
  where,
} from '@stint/graph'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { check } from '../testing/check.ts'

const elementwise = (Object.keys(ops) as OpName[]).filter(
  op => ops[op].kind === 'elementwise',
) as ElementwiseOp[]

/** The dtypes of the inputs of an op, where it takes them. */
function typesOf(op: ElementwiseOp, dtype: DType, shape: readonly number[]): Type[] | null {
  const { arity } = ops[op]
  const types = Array.from({ length: arity as number }, (): Type => ({ dtype, shape }))
  if (op === 'where') types[0] = { dtype: 'bool', shape }
  try {
    ops[op].infer(types, op === 'cast' ? { dtype } : {})
    return types
  } catch {
    return null
  }
}

/** Ops that are not exact, with their error in ulp. */
const inexact: { readonly [op in ElementwiseOp]?: number } = {
  cos: 1,
  erf: 2,
  exp: 1,
  expm1: 2,
  log: 1,
  log1p: 1,
  rsqrt: 2,
  sigmoid: 2,
  sin: 1,
  tanh: 2,
}

describe('every elementwise op has the bits of the reference, or its few ulp', () => {
  for (const op of elementwise)
    test(op, async () => {
      let taken = 0
      for (const dtype of dtypes) {
        const types = typesOf(op, dtype, [700])
        if (types === null) continue
        taken++
        for (const to of op === 'cast' ? dtypes : [dtype])
          await check((...x: Value[]) => emit(op, op === 'cast' ? { dtype: to } : {}, ...x), types, {
            wild: true,
            seed: taken,
            ulp: inexact[op] ?? 0,
          })
      }
      expect(taken).toBeGreaterThan(0)
    })
})

describe('movement becomes index maps', () => {
  const x = f32(5, 6, 7)
  const cases: Record<string, (x: Value) => Value> = {
    transpose: v => v.transpose([2, 0, 1]).add(1),
    'transpose after work': v => v.mul(2).transpose().square(),
    flip: v => v.flip([0, 2]).neg(),
    slice: v => v.slice([1, 0, 2], [5, 6, 7], [2, 1, 3]).mul(3),
    pad: v => v.pad([1, 0, 2], [0, 3, 1], 0.5).add(1),
    'pad of work': v => v.square().pad([2, 1, 0], [2, 1, 0], -1),
    'pad, flip and slice': v => v.pad([1, 1, 1], [2, 2, 2]).flip(2).slice([0, 1, 0], [8, 9, 9], [1, 2, 2]),
    'flip, pad and transpose': v => v.flip(2).pad([0, 0, 3], [1, 1, 1], 2).transpose([2, 1, 0]),
    concat: v =>
      v.concat([v.mul(2), v.slice([0, 0, 0], [5, 6, 3]).concat([v.slice([0, 0, 0], [5, 6, 4])], 2)], 1),
    'concat along the last axis': v => v.concat([v.neg(), v.square()], 2).add(1),
    'pad of a concat': v => v.concat([v.neg()], 0).pad([1, 0, 1], [0, 1, 1], 3),
    broadcast: v => v.slice([0, 0, 0], [1, 6, 1]).broadcast([4, 5, 6, 7]).add(1),
    reshape: v => v.reshape([30, 7]).add(v.reshape([210]).square().reshape([30, 7])),
    'reshape to more axes': v =>
      v.square().reshape([5, 2, 3, 7]).transpose([1, 0, 3, 2]).reshape([2, 5, 21]).mul(2),
  }
  for (const [name, fn] of Object.entries(cases))
    for (const dtype of ['f32', 'f64'] as const)
      test(`${name}, ${dtype}`, () => check(v => fn(v as Value), [{ ...x, dtype }]))

  test('of bytes and integers', async () => {
    for (const dtype of ['i32', 'u32', 'u8', 'bool'] as const) {
      const type = { dtype, shape: [3, 130] }
      await check(
        (v: Value) =>
          v
            .pad([1, 1], [0, 4], 300)
            .flip(1)
            .concat([v.pad([0, 0], [0, 5])], 0),
        [type],
      )
      await check((v: Value) => v.transpose(), [type])
    }
  })
})

test('more paddings than can have code of their own', async () => {
  const sum = (list: Value[]): Value => list.reduce((a, b) => a.add(b))
  await check(
    (x: Value) =>
      sum(Array.from({ length: 12 }, (_, i) => x.mul(i + 1).pad([i, 2 * i], [11 - i, 22 - 2 * i], i))),
    [f32(9, 30)],
  )
  await check(
    (x: Value) => sum(Array.from({ length: 12 }, (_, i) => x.mul(i + 1).pad([i, 0], [11 - i, 0], i))).max(0),
    [f32(9, 30)],
  )
  await check(
    (x: Value) =>
      sum(Array.from({ length: 9 }, (_, i) => x.mul(i + 1).pad([i, i], [8 - i, 8 - i], i))).max([0, 1]),
    [f32(9, 30)],
  )
})

test('many values side by side', async () => {
  const parts = (x: Value) => Array.from({ length: 70 }, (_, i) => (i % 9 === 0 ? x.add(i).square() : x))
  for (const axis of [0, 1, 2])
    await check((x: Value) => parts(x)[0]!.concat(parts(x).slice(1), axis).mul(2), [f32(2, 3, 6)])
  await check((x: Value) => parts(x)[0]!.concat(parts(x).slice(1), 1).max([0, 1]), [f32(2, 3, 6)])
})

test('transpositions in tiles', async () => {
  await check((x: Value) => x.transpose(), [f32(70, 50)])
  await check((x: Value) => x.transpose().add(1).flip(1), [f32(33, 9)])
  await check((x: Value, y: Value) => x.transpose([1, 2, 0]).mul(y), [f32(65, 8, 3), f32(8, 3, 65)])
  await check((x: Value) => x.transpose().pad([1, 2], [3, 4], 5), [f32(40, 20)])
})

test('operands broadcast, whole or by axis', async () => {
  const shapes = [[], [1], [9], [4, 1], [3, 1, 9], [3, 4, 1]]
  for (const shape of shapes)
    await check((x: Value, y: Value) => x.add(y).mul(y.sub(2)), [f32(3, 4, 9), { dtype: 'f32', shape }])
  await check((x: Value, g: Value) => x.mul(g.reshape([6, 1])).relu(), [f32(4, 6, 49), f32(6)])
  await check((x: Value, g: Value) => x.mul(g.reshape([6, 1])).relu(), [f32(4, 6, 600), f32(6)])
})

test('blocks end where the domain does', async () => {
  for (const n of [1, 2, 255, 256, 257, 512, 1000])
    await check((x: Value, y: Value) => x.mul(y).add(x), [f32(n), f32(n)])
  for (const shape of [[100, 3], [3, 100], [17, 17, 17], [2, 300, 2], [1, 1, 1], []])
    await check(
      (x: Value, y: Value) => x.add(y.transpose()).square(),
      [
        { dtype: 'f32', shape },
        { dtype: 'f32', shape: shape.toReversed() },
      ],
    )
})

test('nothing comes of nothing', async () => {
  await check((x: Value) => x.add(1), [f32(0)])
  await check((x: Value) => x.transpose().square(), [f32(3, 0, 2)])
})

test('mixed dtypes in one kernel', async () => {
  await check(
    (x: Value, y: Value, c: Value) => c.where(x, y.cast('f32')).cast('f64').mul(2).cast('i32').cast('u8'),
    [f32(400), i32(400), { dtype: 'bool', shape: [400] }],
    { wild: true },
  )
  await check((x: Value) => where(x.gt(0), x.cast('f64'), 0).lt(1).and(x.ne(0)).cast('f32'), [f32(300)], {
    wild: true,
  })
})

test('several results, some of them operands as they are', async () => {
  await check((x: Value, y: Value) => [x.add(y), x.mul(y), y.neg(), x.square()], [f32(600), f32(600)])
  await check(
    (x: Value, y: Value) => [y.reshape([20, 30]), x.reshape([20, 30]), x.add(y)],
    [f32(600), f32(600)],
  )
  await check((x: Value, y: Value) => [x.transpose(), y, x.mul(y)], [f32(20, 30), f32(20, 30)])
  await check(
    (m: Value, g: Value, p: Value) => {
      const next = m.mul(0.9).add(g)
      return [next, p.sub(next.mul(0.1))]
    },
    [f32(600), f32(600), f32(600)],
  )
})

test('random bits are those of the generator', async () => {
  const scalars = [i32(), i32()]
  const key = [0x12345678, 0x9abcdef0] as const
  for (const shape of [[], [3], [1000], [7, 130]]) {
    await check((seed: Value, step: Value) => randomBits(seed, step, shape, { key, call: 3 }), scalars)
    await check((seed: Value, step: Value) => randomUniform(seed, step, shape, { key }).lt(0.5), scalars)
  }
  await check((s: Value, t: Value) => randomUniform(s, t, [20, 30], { key }).transpose().mul(2), scalars)
  await check(
    (s: Value, t: Value) => randomUniform(s, t, [20, 30], { key }).slice([1, 2], [20, 30], [3, 2]),
    scalars,
  )
  await check(
    (s: Value, t: Value) => randomUniform(s, t, [20, 30], { key }).flip(1).pad([0, 1], [1, 0]),
    scalars,
  )
  await check(
    (x: Value, s: Value, t: Value) => randomUniform(s, t, [700], { key }).lt(0.7).where(x.div(0.7), 0),
    [f32(700), ...scalars],
  )
})

/** A function of two values of one shape: elementwise work and movement drawn from `draws`. */
function chain(draws: readonly number[]): (x: Value, y: Value) => Value[] {
  return (x, y) => {
    const pool = [x, y]
    const pick = (n: number) => pool[n % pool.length]!
    for (const [i, draw] of draws.entries()) {
      const a = pick(draw >> 8)
      const same = pool.filter(v => v.shape.join() === a.shape.join())
      const b = same[(draw >> 4) % same.length]!
      const rank = a.shape.length
      const made = [
        () => a.add(b),
        () => a.mul(b),
        () => a.sub(b).relu(),
        () => a.neg(),
        () => a.transpose(),
        () => a.flip((draw >> 3) % rank),
        () =>
          a.pad(
            a.shape.map(() => draw % 3),
            a.shape.map(() => (draw >> 2) % 2),
            i,
          ),
        () =>
          a.slice(
            a.shape.map(d => Math.min(d - 1, draw % 2)),
            a.shape,
            a.shape.map(() => 1 + (draw % 2)),
          ),
        () => a.concat([b], draw % rank),
        () => a.reshape([a.shape.reduce((n, d) => n * d, 1), 1]),
      ][draw % 10]!()
      if (made.shape.reduce((n, d) => n * d, 1) < 3000) pool.push(made)
    }
    return pool.slice(2).slice(-3)
  }
}

test('chains of work and movement have the bits of the reference', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 3 }),
      fc.array(fc.nat(100_000), { minLength: 1, maxLength: 7 }),
      fc.constantFrom('f32' as const, 'f64' as const, 'i32' as const),
      (shape, draws, dtype) =>
        check(
          chain(draws),
          [
            { dtype, shape },
            { dtype, shape },
          ],
          { seed: draws[0]! },
        ),
    ),
    { seed: 11, numRuns: process.env.STINT_FULL === '1' ? 2000 : 80 },
  )
})
