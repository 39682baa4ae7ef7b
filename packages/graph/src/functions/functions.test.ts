import { describe, expect, it } from 'vitest'
import { arg, run, scattered, values } from '../evaluate/testing.ts'
import type { Value } from '../trace/value.ts'
import * as a from './activation.ts'
import { cumProd, cumSum } from './cumulative.ts'
import { where } from './elementwise.ts'
import { argMax, argMin, oneHot, scatterAddAlong, take, takeAlong } from './indexing.ts'
import * as m from './movement.ts'
import * as r from './reduction.ts'

const nan = Number.NaN
const six = arg([1, 5, 2, 6, 3, 4], [2, 3])

/** Element by element within 1e-12. */
function near(got: readonly number[], expected: readonly number[]): void {
  expect(got).toHaveLength(expected.length)
  for (const [i, x] of expected.entries()) expect(got[i]).toBeCloseTo(x, 12)
}

describe('broadcasting', () => {
  it('aligns from the right and repeats size 1, both ways', () => {
    const [column, row] = [arg([10, 20], [2, 1]), arg([1, 2, 3], [3])]
    expect(run((x, y) => x!.add(y!), column, row)).toMatchObject({
      data: [11, 12, 13, 21, 22, 23],
      shape: [2, 3],
    })
    expect(run((x, y) => x!.sub(y!), row, column).data).toEqual([-9, -8, -7, -19, -18, -17])
    expect(run((x, y) => x!.mul(y!), arg([2], []), row).data).toEqual([2, 4, 6])
    expect(run((x, y) => x!.mul(y!), row, arg([], [0, 1]))).toMatchObject({ data: [], shape: [0, 3] })
  })

  it('lets numbers take the dtype of what they meet', () => {
    expect(run(x => x!.add(1), arg([1], [1], 'i32')).dtype).toBe('i32')
    expect(run(x => x!.mul(0.1), arg([1], [1], 'f32')).data).toEqual([Math.fround(0.1)])
    expect(() => run(x => x!.add(0.5), arg([1], [1], 'i32'))).toThrow(
      /fraction meets integers; expected i32, got 0.5/,
    )
  })

  it('covers all three operands of where', () => {
    const condition = arg([1, 0], [2, 1], 'bool')
    expect(run((c, x) => where(c!, x!, -1), condition, arg([1, 2, 3]))).toMatchObject({
      data: [1, 2, 3, -1, -1, -1],
      shape: [2, 3],
    })
    expect(run(c => c!.where(1, 0), condition)).toMatchObject({ data: [1, 0], dtype: 'f32' })
    expect(() => run((c, x) => where(c!, x!, 0), condition, arg([1, 2, 3], [3, 1]))).toThrow(
      /cannot be broadcast/,
    )
  })
})

describe('reductions', () => {
  it('mean, variance, standard deviation and norm', () => {
    expect(values(x => x!.mean(1), arg([1, 2, 3, 4], [2, 2]))).toEqual([1.5, 3.5])
    expect(values(x => r.variance(x!), arg([1, 2, 3, 4]))).toEqual([1.25])
    expect(values(x => r.variance(x!, 0, true, 1), arg([1, 3]))).toEqual([2])
    expect(values(x => r.std(x!), arg([1, 3]))).toEqual([1])
    expect(values(x => r.norm(x!, 1), arg([3, 4, 0, 0], [2, 2]))).toEqual([5, 0])
  })

  it('prod multiplies everything, of nothing too', () => {
    expect(run(x => r.prod(x!), six)).toMatchObject({ data: [720], shape: [] })
    expect(run(x => r.prod(x!, 0, true), six)).toMatchObject({ data: [6, 15, 8], shape: [1, 3] })
    expect(run(x => r.prod(x!, 1), six)).toMatchObject({ data: [10, 72], shape: [2] })
    expect(run(x => r.prod(x!, 1), arg([], [2, 0]))).toMatchObject({ data: [1, 1] })
    expect(run(x => r.prod(x!), arg([3], [])).data).toEqual([3])
  })

  it('softmax and its logarithm keep to the row, however large', () => {
    near(
      values(x => x!.softmax(), arg([1000, 1000, 0, Math.log(3)], [2, 2])),
      [0.5, 0.5, 0.25, 0.75],
    )
    near(
      values(x => x!.logSoftmax(), arg([1000, 1000])),
      [-Math.LN2, -Math.LN2],
    )
    near(
      values(x => r.logSumExp(x!, 1), arg([1000, 1000, 0, 0], [2, 2])),
      [1000 + Math.LN2, Math.LN2],
    )
    expect(values(x => r.logSumExp(x!), arg([-Infinity, -Infinity]))).toEqual([-Infinity])
  })

  it('argMax and argMin take the first, NaN before all', () => {
    expect(run(x => argMax(x!, 1), arg([1, 3, 3, 2, nan, nan], [2, 3]))).toEqual({
      data: [1, 1],
      shape: [2],
      dtype: 'i32',
    })
    expect(run(x => argMin(x!, 0, true), six)).toMatchObject({ data: [0, 1, 0], shape: [1, 3] })
    expect(run(x => argMax(x!), six)).toMatchObject({ data: [3], shape: [] })
    expect(values(x => argMin(x!), arg([4, 2, 2], [3], 'i32'))).toEqual([1])
  })

  it('cumulative sums and products', () => {
    expect(values(x => cumSum(x!, 1), six)).toEqual([1, 6, 8, 6, 9, 13])
    expect(values(x => cumSum(x!, 0), six)).toEqual([1, 5, 2, 7, 8, 6])
    expect(values(x => cumProd(x!, -1), arg([1, 2, 3, 4, 5]))).toEqual([1, 2, 6, 24, 120])
  })
})

describe('shape', () => {
  it('stack, split, roll, tile and diagonal', () => {
    const pair = arg([1, 2])
    expect(run(x => m.stack([x!, x!.neg()], 1), pair)).toMatchObject({ data: [1, -1, 2, -2], shape: [2, 2] })
    expect(run(x => m.stack([x!, x!], -1), pair)).toMatchObject({ data: [1, 1, 2, 2], shape: [2, 2] })
    expect(values(x => m.split(x!, [1, 2], 1)[1]!, six)).toEqual([5, 2, 3, 4])
    expect(values(x => m.split(x!, 2)[1]!, six)).toEqual([6, 3, 4])
    expect(() => run(x => m.split(x!, 2, 1)[0]!, six)).toThrow(/split: the pieces do not fill the axis/)
    expect(values(x => m.roll(x!, 1, 0), arg([1, 2, 3]))).toEqual([3, 1, 2])
    expect(values(x => m.roll(x!, -4, 0), arg([1, 2, 3]))).toEqual([2, 3, 1])
    expect(run(x => m.tile(x!, [2, 2]), pair)).toMatchObject({
      data: [1, 2, 1, 2, 1, 2, 1, 2],
      shape: [2, 4],
    })
    expect(run(x => m.diagonal(x!), six)).toMatchObject({ data: [1, 3], shape: [2] })
    expect(run(x => m.diagonal(m.transpose(x!)), six)).toMatchObject({ data: [1, 3], shape: [2] })
    expect(run(x => m.diagonal(x!), scattered([2, 3, 3])).shape).toEqual([2, 3])
  })

  it('moves axes', () => {
    const x = scattered([2, 3, 4])
    expect(run(v => m.moveAxis(v!, 0, -1), x).shape).toEqual([3, 4, 2])
    expect(run(v => m.moveAxis(v!, -1, 0), x).shape).toEqual([4, 2, 3])
    expect(run(v => m.swapAxes(v!, 0, 2), x).shape).toEqual([4, 3, 2])
  })
})

describe('indexing', () => {
  const idx = arg([1, 0], [2], 'i32')

  it('one-hot rows, none out of range', () => {
    expect(run(i => oneHot(i!, 3), arg([2, 0, 3], [3], 'i32'))).toEqual({
      data: [0, 0, 1, 1, 0, 0, 0, 0, 0],
      shape: [3, 3],
      dtype: 'f32',
    })
  })

  it('take slices of any axis', () => {
    expect(values((x, i) => take(x!, i!, 0), six, idx)).toEqual([6, 3, 4, 1, 5, 2])
    expect(values((x, i) => take(x!, i!, -1), six, idx)).toEqual([5, 1, 3, 6])
  })

  it('take and add along an axis', () => {
    const at = arg([2, 0, 0, 7], [2, 2], 'i32')
    expect(values((x, i) => takeAlong(x!, i!, 1), six, at)).toEqual([2, 1, 6, 0])
    expect(values((x, i) => scatterAddAlong(x!, i!, i!.cast('f64').add(10), 1), six, at)).toEqual([
      11, 5, 14, 16, 3, 4,
    ])
  })
})

describe('activations', () => {
  const xs = [-4, -3, -1, -0.5, 0, 0.5, 1, 3, 4, 7]
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
  const softplus = (x: number) => Math.log1p(Math.exp(x))
  const cases: [string, (x: Value) => Value, (x: number) => number][] = [
    ['clamp', x => a.clamp(x, -1, 3), x => Math.min(3, Math.max(-1, x))],
    ['clamp below', x => a.clamp(x, null, 0), x => Math.min(0, x)],
    ['leakyRelu', x => a.leakyRelu(x, 0.1), x => (x > 0 ? x : 0.1 * x)],
    ['elu', x => a.elu(x, 0.7), x => (x > 0 ? x : 0.7 * Math.expm1(x))],
    ['selu', a.selu, x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))],
    ['relu6', a.relu6, x => Math.min(6, Math.max(0, x))],
    [
      'gelu tanh',
      x => a.gelu(x, 'tanh'),
      x => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    ],
    ['silu', a.silu, x => x * sigmoid(x)],
    ['softplus', a.softplus, softplus],
    ['softplus 2', x => a.softplus(x, 2), x => softplus(2 * x) / 2],
    ['logSigmoid', a.logSigmoid, x => -softplus(-x)],
    ['mish', a.mish, x => x * Math.tanh(softplus(x))],
    ['softsign', a.softsign, x => x / (1 + Math.abs(x))],
    ['hardSigmoid', a.hardSigmoid, x => Math.min(6, Math.max(0, x + 3)) / 6],
    ['hardSwish', a.hardSwish, x => (x * Math.min(6, Math.max(0, x + 3))) / 6],
    ['tan', a.tan, Math.tan],
    ['atan', a.atan, Math.atan],
    ['asin', x => a.asin(x.div(8)), x => Math.asin(x / 8)],
    ['acos', x => a.acos(x.div(8)), x => Math.acos(x / 8)],
    ['sinh', x => a.sinh(x), Math.sinh],
    ['cosh', a.cosh, Math.cosh],
    ['log2', x => a.log2(x.abs()), x => Math.log2(Math.abs(x))],
    ['exp2', a.exp2, x => 2 ** x],
  ]
  for (const [name, f, expected] of cases)
    it(name, () =>
      near(
        values(x => f(x!), arg(xs)),
        xs.map(expected),
      ),
    )

  it('gelu', () => {
    near(
      values(x => a.gelu(x!), arg([0, 1, -1])),
      [0, 0.8413447460685429, -0.15865525393145707],
    )
  })

  it('logAddExp does not overflow, nor turn infinities to NaN', () => {
    const pair = (x: number, y: number) => values((p, q) => a.logAddExp(p!, q!), arg([x]), arg([y]))[0]
    expect(pair(1000, 1000)).toBeCloseTo(1000 + Math.LN2, 10)
    expect(pair(-Infinity, -Infinity)).toBe(-Infinity)
    expect(pair(Infinity, Infinity)).toBe(Infinity)
    expect(pair(-Infinity, 2)).toBe(2)
    expect(pair(nan, 1)).toBe(nan)
  })

  it('keep NaN', () => {
    for (const f of [a.relu6, a.elu, a.softplus, (x: Value) => a.clamp(x, 0, 1)])
      expect(values(x => f(x!), arg([nan]))).toEqual([nan])
  })

  it('fill where a mask says', () => {
    expect(values((x, mask) => a.maskedFill(x!, mask!, -7), arg([1, 2]), arg([0, 1], [2], 'bool'))).toEqual([
      1, -7,
    ])
  })
})
