import { describe, expect, it } from 'vitest'
import { arg, run, scattered, values } from '../evaluate/testing.ts'
import { conv, convTranspose } from '../functions/convolution.ts'
import { gather, scatterAdd } from '../functions/indexing.ts'
import { maxPool, sumPool } from '../functions/pooling.ts'
import { emit } from '../trace/current.ts'
import { trace } from '../trace/trace.ts'
import type { Value } from '../trace/value.ts'
import { f32, f64, i32, type Type } from '../type.ts'
import { opDef } from './index.ts'

const nan = Number.NaN

describe('conv', () => {
  const line = arg([1, 2, 3, 4, 5], [1, 1, 5])

  it('correlates: the kernel is not turned round', () => {
    const w = arg([10, 1], [1, 1, 2])
    expect(run((x, k) => conv(x!, k!), line, w)).toMatchObject({ data: [12, 23, 34, 45], shape: [1, 1, 4] })
  })

  it('strides, pads on either end and spreads its kernel', () => {
    const w = arg([100, 10, 1], [1, 1, 3])
    expect(values((x, k) => conv(x!, k!, { stride: 2, padding: 1 }), line, w)).toEqual([12, 234, 450])
    expect(values((x, k) => conv(x!, k!, { dilation: 2 }), line, w)).toEqual([135])
    expect(values((x, k) => conv(x!, k!, { padding: [[2, 0]] }), line, w)).toEqual([1, 12, 123, 234, 345])
  })

  it('sums over channels, in groups', () => {
    const x = arg([1, 2, 3, 4], [1, 4, 1])
    const w = arg([1, 10, 1, 10], [2, 2, 1])
    expect(values((a, k) => conv(a!, k!, { groups: 2 }), x, w)).toEqual([21, 43])
  })

  it('in two dimensions', () => {
    const x = arg([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3])
    const w = arg([1, 0, 0, 10], [1, 1, 2, 2])
    expect(run((a, k) => conv(a!, k!), x, w)).toMatchObject({ data: [51, 62, 84, 95], shape: [1, 1, 2, 2] })
  })

  it('agrees with the sum that defines it', () => {
    const [x, w] = [scattered([2, 4, 5, 4], 1), scattered([6, 2, 3, 2], 2)]
    const attrs = {
      stride: [2, 1],
      padding: [
        [1, 2],
        [0, 1],
      ] as const,
      dilation: [1, 2],
      groups: 2,
    }
    const { data, shape } = run((a, k) => conv(a!, k!, attrs), x, w)
    const [N, F, P, Q] = shape as [number, number, number, number]
    expect(shape).toEqual([2, 6, 3, 3])
    const at = (n: number, c: number, i: number, j: number) =>
      i < 0 || j < 0 || i >= 5 || j >= 4 ? 0 : (x.data[((n * 4 + c) * 5 + i) * 4 + j] as number)
    for (let n = 0; n < N; n++)
      for (let f = 0; f < F; f++)
        for (let p = 0; p < P; p++)
          for (let q = 0; q < Q; q++) {
            let sum = 0
            for (let c = 0; c < 2; c++)
              for (let i = 0; i < 3; i++)
                for (let j = 0; j < 2; j++)
                  sum +=
                    at(n, Math.floor(f / 3) * 2 + c, p * 2 + i - 1, q + 2 * j) *
                    (w.data[((f * 2 + c) * 3 + i) * 2 + j] as number)
            expect(data[((n * F + f) * P + p) * Q + q]).toBe(sum)
          }
  })

  it('accumulates in f64 and rounds once', () => {
    // 2²⁴ + 1 is not an f32: adding the ones one by one in f32 would lose them.
    const x = arg([2 ** 24, 1, 1, 1, 1], [1, 5, 1], 'f32')
    expect(values((a, k) => conv(a!, k!), x, arg([1, 1, 1, 1, 1], [1, 5, 1], 'f32'))).toEqual([2 ** 24 + 4])
  })

  it('transposed gives the sizes of PyTorch', () => {
    const w = scattered([1, 2, 3])
    const shape = (options: object) => run((x, k) => convTranspose(x!, k!, options), line, w).shape
    expect(shape({})).toEqual([1, 2, 7])
    expect(shape({ stride: 2, padding: 1 })).toEqual([1, 2, 9])
    expect(shape({ stride: 2, padding: 1, outputPadding: 1 })).toEqual([1, 2, 10])
    expect(
      values((x, k) => convTranspose(x!, k!, { stride: 2 }), arg([1, 2], [1, 1, 2]), arg([10, 1], [1, 1, 2])),
    ).toEqual([10, 1, 20, 2])
  })

  const attrs = { stride: [1], padding: [[0, 0]], dilation: [1], groups: 1 }
  const misuse: { what: string; inputs: Type[]; attrs: object; code: string }[] = [
    { what: 'channels that differ', inputs: [f32(1, 3, 5), f32(2, 2, 3)], attrs: {}, code: 'SHAPE' },
    { what: 'no spatial axis', inputs: [f32(1, 3), f32(2, 3)], attrs: {}, code: 'SHAPE' },
    {
      what: 'a kernel larger than its input',
      inputs: [f32(1, 3, 5), f32(2, 3, 6)],
      attrs: {},
      code: 'SHAPE',
    },
    {
      what: 'groups that do not divide',
      inputs: [f32(1, 4, 5), f32(3, 2, 3)],
      attrs: { groups: 2 },
      code: 'SHAPE',
    },
    { what: 'dtypes that differ', inputs: [f32(1, 3, 5), f64(2, 3, 3)], attrs: {}, code: 'DTYPE' },
    { what: 'integers', inputs: [i32(1, 3, 5), i32(2, 3, 3)], attrs: {}, code: 'DTYPE' },
    { what: 'stride zero', inputs: [f32(1, 3, 5), f32(2, 3, 3)], attrs: { stride: [0] }, code: 'ATTR' },
    {
      what: 'padding for two axes',
      inputs: [f32(1, 3, 5), f32(2, 3, 3)],
      attrs: {
        padding: [
          [0, 0],
          [0, 0],
        ],
      },
      code: 'ATTR',
    },
    {
      what: 'negative padding',
      inputs: [f32(1, 3, 5), f32(2, 3, 3)],
      attrs: { padding: [[-1, 0]] },
      code: 'ATTR',
    },
  ]
  for (const { what, inputs, attrs: wrong, code } of misuse)
    it(`refuses ${what}`, () => {
      expect(() => opDef('conv').infer(inputs, { ...attrs, ...wrong })).toThrow(
        expect.objectContaining({ code }),
      )
    })

  it('refuses a size that its transpose cannot come from', () => {
    expect(() => opDef('convInput').infer([f32(1, 2, 3), f32(2, 3, 3)], { ...attrs, size: [6] })).toThrow(
      /expected spatial sizes 4/,
    )
    expect(() => opDef('convWeight').infer([f32(1, 2, 3), f32(2, 3, 3)], { ...attrs, size: [1] })).toThrow(
      /batches/,
    )
  })
})

describe('windows', () => {
  const grid = arg([1, 5, 2, 0, 3, 4, 8, 7, 6], [1, 1, 3, 3])

  it('take the largest of each, padding below all numbers', () => {
    expect(values(x => maxPool(x!, { window: 2, stride: 1 }), grid)).toEqual([5, 5, 8, 7])
    expect(values(x => maxPool(x!, { window: 2, padding: 1 }), grid)).toEqual([1, 5, 8, 7])
    expect(values(x => maxPool(x!, { window: 2, padding: [[1, 0]] }), arg([-1, -2, -3], [1, 1, 3]))).toEqual([
      -1, -2,
    ])
  })

  it('sum each, padding as nothing', () => {
    expect(values(x => sumPool(x!, { window: 2, stride: 1 }), grid)).toEqual([9, 14, 18, 20])
    expect(
      values(x => sumPool(x!, { window: [3], stride: 2, padding: 1 }), arg([1, 2, 3], [1, 1, 3])),
    ).toEqual([3, 5])
  })

  it('give the first of equal elements the derivative, and NaN before all', () => {
    const attrs = { window: [3], stride: [1], padding: [[0, 0]] }
    const scatter = (x: number[], ct: number[]) =>
      values(
        (a, g) => emit('maxPoolScatter', attrs, a!, g!),
        arg(x, [1, 1, x.length]),
        arg(ct, [1, 1, ct.length]),
      )
    expect(scatter([1, 1, 1, 1], [2, 3])).toEqual([2, 3, 0, 0])
    expect(scatter([1, nan, nan, 9], [2, 3])).toEqual([0, 5, 0, 0])
    expect(values(a => maxPool(a!, { window: 3, stride: 1 }), arg([1, 2, nan, 9], [1, 1, 4]))).toEqual([
      nan,
      nan,
    ])
  })

  it('refuse padding that could fill one', () => {
    expect(() => trace(x => maxPool(x as Value, { window: 2, padding: 2 }), [f32(1, 1, 4)])).toThrow(
      /padding of spatial axis 0 could fill a window; expected less than the window, 2/,
    )
  })
})

describe('gather and scatterAdd', () => {
  const table = arg([1, 2, 3, 4, 5, 6], [3, 2])

  it('read rows in the shape of the indices, zeros where there is none', () => {
    const got = run((x, i) => gather(x!, i!), table, arg([2, 0, -1, 3], [2, 2], 'i32'))
    expect(got).toEqual({ data: [5, 6, 1, 2, 0, 0, 0, 0], shape: [2, 2, 2], dtype: 'f64' })
  })

  it('add up rows in the order of the indices, dropping those out of range', () => {
    const idx = arg([1, 1, 7], [3], 'i32')
    expect(values((i, u) => scatterAdd(i!, u!, 3), idx, table)).toEqual([0, 0, 4, 6, 0, 0])
    expect(values((i, u) => scatterAdd(i!, u!, 2), idx, arg([2 ** 31 - 1, 1, 5], [3], 'i32'))).toEqual([
      0,
      -(2 ** 31),
    ])
  })

  it('refuse indices that are not i32, and updates that do not follow them', () => {
    expect(() => trace((x, i) => gather(x as Value, i as Value), [f32(3, 2), f32(2)])).toThrow(
      /indices are not i32/,
    )
    expect(() => trace((i, u) => scatterAdd(i as Value, u as Value, 3), [i32(2), f32(3, 2)])).toThrow(
      /expected \[2,\.\.\.\], got f32\[3,2\]/,
    )
  })
})

describe('dot', () => {
  it('contracts, batches and orders its axes', () => {
    const [a, b] = [scattered([2, 3, 4], 1), scattered([4, 2, 5], 2)]
    const got = run((x, y) => x!.dot(y!, { batch: [[0], [1]], contract: [[2], [0]] }), a, b)
    expect(got.shape).toEqual([2, 3, 5])
    for (let n = 0; n < 2; n++)
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 5; j++) {
          let sum = 0
          for (let k = 0; k < 4; k++)
            sum += (a.data[(n * 3 + i) * 4 + k] as number) * (b.data[(k * 2 + n) * 5 + j] as number)
          expect(got.data[(n * 3 + i) * 5 + j]).toBe(sum)
        }
  })

  it('accumulates in the order in which the contracted axes are listed', () => {
    const x = arg([2 ** 60, 1, -(2 ** 60), 0], [2, 2])
    const one = arg([1, 1, 1, 1], [2, 2])
    const along = (axes: number[]) =>
      values((a, b) => a!.dot(b!, { batch: [[], []], contract: [axes, axes] }), x, one)
    expect(along([0, 1])).toEqual([0])
    expect(along([1, 0])).toEqual([1])
  })

  it('of nothing is zero', () => {
    expect(values((a, b) => a!.matmul(b!), arg([], [2, 0]), arg([], [0, 1]))).toEqual([0, 0])
  })
})
