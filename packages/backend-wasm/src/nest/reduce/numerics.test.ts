import { toTasks } from '@stint/engine'
import { f32, type Shape, sizeOf, stridesOf, type TypedArray, trace, type Value } from '@stint/graph'
import { expect, test } from 'vitest'
import { arrayOf } from '../../testing/check.ts'
import { expectSame } from '../../testing/compare.ts'
import { runKernel } from '../../testing/run.ts'

/** Sums as the numerics say: four lanes in f64, chunks of 8192, rounded once. */
function sums(x: TypedArray, shape: Shape, axes: readonly number[]): Float32Array {
  const kept = shape.map((_, a) => a).filter(a => !axes.includes(a))
  const strides = stridesOf(shape)
  const offsets = (over: readonly number[]): number[] =>
    over.reduce(
      (list, a) => list.flatMap(o => Array.from({ length: shape[a]! }, (_, i) => o + i * strides[a]!)),
      [0],
    )
  const elements = offsets(axes)
  return Float32Array.from(offsets(kept), start => {
    let total = 0
    for (let chunk = 0; chunk < elements.length; chunk += 8192) {
      const lanes = [0, 0, 0, 0]
      for (const [i, at] of elements.slice(chunk, chunk + 8192).entries()) lanes[i % 4]! += x[start + at]!
      total += lanes[0]! + lanes[2]! + (lanes[1]! + lanes[3]!)
    }
    return total
  })
}

/** Numbers whose sum depends on the order. */
function scattered(shape: Shape): TypedArray {
  const x = arrayOf({ dtype: 'f32', shape })
  for (let i = 0; i < x.length; i++) x[i] = x[i]! * 2 ** ((i * 7919) % 40)
  return x
}

/** The only kernel of a function, and its results. */
async function results(
  fn: (x: Value) => Value | Value[],
  x: TypedArray,
  shape: Shape,
): Promise<TypedArray[]> {
  const { kernels } = toTasks(trace(fn, [f32(...shape)]).graph)
  expect(kernels.length).toBe(1)
  return runKernel(kernels[0]!, [x])
}

const cases: [Shape, number[]][] = [
  [[3], [0]],
  [[8192], [0]],
  [[8193], [0]],
  [[30001], [0]],
  [[3, 9001], [1]],
  [[3, 9001], [0]],
  [[20000, 3], [0]],
  [[9001, 40], [0]],
  [
    [2, 5, 99, 33],
    [0, 2, 3],
  ],
  [
    [2, 60, 7, 7],
    [0, 2, 3],
  ],
  [
    [50, 3, 15, 15],
    [0, 2, 3],
  ],
  [
    [40, 20, 20, 6],
    [0, 1, 2],
  ],
  [
    [20, 7, 90],
    [0, 2],
  ],
  [
    [4, 17, 6, 19],
    [1, 3],
  ],
]

test.each(cases)('sums of %j over %j take the order that the numerics state', async (shape, axes) => {
  const x = scattered(shape)
  expectSame((await results(v => v.sum(axes), x, shape))[0]!, sums(x, shape, axes), 'sum')
})

test.each(cases)('means and deviations of %j over %j in stages', async (shape, axes) => {
  const x = arrayOf({ dtype: 'f32', shape })
  const n = axes.reduce((product, a) => product * shape[a]!, 1)
  const [mean, deviation, scaled] = (await results(
    v => {
      const average = v.mean(axes, true)
      const square = v.sub(average).square().mean(axes, true)
      return [average, square, v.sub(average).div(square.add(1))]
    },
    x,
    shape,
  )) as [TypedArray, TypedArray, TypedArray]
  const averages = sums(x, shape, axes).map(s => s / n)
  expectSame(mean, averages, 'mean')
  const strides = stridesOf(shape)
  const kept = shape.map((_, a) => a).filter(a => !axes.includes(a))
  const keptStrides = stridesOf(kept.map(a => shape[a]!))
  const pointOf = (i: number): number =>
    kept.reduce((p, a, k) => p + (Math.floor(i / strides[a]!) % shape[a]!) * keptStrides[k]!, 0)
  const f = Math.fround
  const centred = Float32Array.from(x, (value, i) => value - averages[pointOf(i)]!)
  const squares = sums(
    centred.map(c => c * c),
    shape,
    axes,
  ).map(s => s / n)
  expectSame(deviation, squares, 'variance')
  expectSame(
    scaled,
    centred.map((c, i) => c / f(squares[pointOf(i)]! + 1)),
    'scaled',
  )
  expect(scaled.length).toBe(sizeOf(shape))
})

test('extremes and integer sums of many elements', async () => {
  const shape = [3, 30000]
  const x = arrayOf({ dtype: 'f32', shape }, { wild: true })
  const [max, count] = (await results(v => [v.max(1), v.gt(0).cast('i32').sum(1)], x, shape)) as [
    TypedArray,
    TypedArray,
  ]
  const rows = [0, 1, 2].map(r => x.subarray(30000 * r, 30000 * (r + 1)) as Float32Array)
  expectSame(
    max,
    Float32Array.from(rows, row => row.reduce((a, b) => Math.max(a, b))),
    'max',
  )
  expectSame(
    count,
    Int32Array.from(rows, row => row.filter(v => v > 0).length),
    'count',
  )
})
