import { kernelOf } from '@stint/engine'
import { type DotAttrs, f32, f64, type Shape, sizeOf, stridesOf, type Type, type Value } from '@stint/graph'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bench, bitsOf, check, noise, type RunOptions } from '../testing/anchors.ts'

const runs = process.env.STINT_FULL === '1' ? 300 : 40

/** The numerics, spelled out: blocks of 256 products in f32, each from zero, block after block. */
function model(a: Float32Array, x: Shape, b: Float32Array, y: Shape, attrs: DotAttrs): Float32Array {
  const free = (shape: Shape, side: 0 | 1): number[] =>
    shape.map((_, i) => i).filter(i => !attrs.batch[side].includes(i) && !attrs.contract[side].includes(i))
  const places = (shape: Shape, axes: readonly number[]): number[] => {
    const strides = stridesOf(shape)
    let list = [0]
    for (const axis of axes)
      list = list.flatMap(at => Array.from({ length: shape[axis]! }, (_, i) => at + i * strides[axis]!))
    return list
  }
  const [batchX, batchY] = [places(x, attrs.batch[0]), places(y, attrs.batch[1])]
  const [deepX, deepY] = [places(x, attrs.contract[0]), places(y, attrs.contract[1])]
  const [rows, columns] = [places(x, free(x, 0)), places(y, free(y, 1))]
  const out: number[] = []
  for (const n of batchX.keys())
    for (const i of rows)
      for (const j of columns) {
        let total = 0
        for (let k0 = 0; k0 < deepX.length; k0 += 256) {
          let sum = 0
          for (let k = k0; k < Math.min(deepX.length, k0 + 256); k++)
            sum = Math.fround(
              sum + Math.fround(a[batchX[n]! + i + deepX[k]!]! * b[batchY[n]! + j + deepY[k]!]!),
            )
          total = k0 === 0 ? sum : Math.fround(total + sum)
        }
        out.push(total)
      }
  return Float32Array.from(out)
}

function scattered(n: number, seed: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => noise(i, seed))
}

function product(x: Shape, y: Shape, attrs: DotAttrs, options: RunOptions = {}): [Bench, Float32Array] {
  const size = (shape: Shape, axes: readonly number[]) => axes.map(a => shape[a]!)
  const free = (shape: Shape, side: 0 | 1) =>
    shape.filter((_, i) => !attrs.batch[side].includes(i) && !attrs.contract[side].includes(i))
  const shape = [...size(x, attrs.batch[0]), ...free(x, 0), ...free(y, 1)]
  const kernel = kernelOf(
    [f32(...x), f32(...y)],
    [{ op: 'dot', attrs, inputs: [0, 1], types: [f32(...shape)] }],
    [2],
  )
  const [a, b] = [scattered(sizeOf(x), 1), scattered(sizeOf(y), 2)]
  return [new Bench(kernel, [a, b], options), model(a, x, b, y, attrs)]
}

function expectModel(x: Shape, y: Shape, attrs: DotAttrs, options: RunOptions = {}): void {
  const [bench, expected] = product(x, y, attrs, options)
  const before = new Uint8Array(bench.memory.buffer.slice(0))
  bench.run()
  const what = `${x} ${y} ${JSON.stringify(attrs)} ${JSON.stringify(options)}`
  expect(Buffer.compare(bench.untouched(before), before), `${what} writes elsewhere`).toBe(0)
  expect(Buffer.compare(bitsOf(bench.results()[0]!), bitsOf(expected)), what).toBe(0)
}

const plain = (left: number, right: number): DotAttrs => ({ batch: [[], []], contract: [[left], [right]] })

describe('matrix products', () => {
  const shapes: readonly (readonly [m: number, n: number, k: number])[] = [
    [1, 1, 1],
    [3, 5, 7],
    [64, 64, 64],
    [2, 16, 256],
    [5, 33, 257],
    [17, 10, 600],
    [1, 40, 300],
    [40, 1, 300],
    [130, 70, 20],
    [6, 40, 2100],
    [300, 34, 40],
  ]
  for (const [m, n, k] of shapes)
    test(`${m}×${n}×${k} has the bits of the model, whatever is transposed`, () => {
      for (const threads of [1, 2, 5]) {
        expectModel([m, k], [k, n], plain(1, 0), { threads })
        expectModel([k, m], [k, n], plain(0, 0), { threads })
        expectModel([m, k], [n, k], plain(1, 1), { threads })
        expectModel([k, m], [n, k], plain(0, 1), { threads })
      }
    })

  test('batches share their items among parts', () => {
    const attrs: DotAttrs = {
      batch: [
        [0, 2],
        [0, 2],
      ],
      contract: [[3], [3]],
    }
    for (const threads of [1, 2, 3]) expectModel([2, 9, 3, 8], [2, 11, 3, 8], attrs, { threads })
    for (const parts of [1, 2, 3, 4]) expectModel([2, 9, 3, 8], [2, 11, 3, 8], attrs, { threads: 4, parts })
  })

  test('axes in any order', () => {
    const axis = fc.record({
      size: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(8, 16, 17, 20, 33)),
      kind: fc.constantFrom<'batch' | 'left' | 'right' | 'contract'>('batch', 'left', 'right', 'contract'),
      left: fc.double({ noNaN: true }),
      right: fc.double({ noNaN: true }),
      pair: fc.double({ noNaN: true }),
    })
    const small = fc
      .array(axis, { minLength: 1, maxLength: 6 })
      .filter(list => list.reduce((n, a) => n * a.size, 1) < 60000)
    fc.assert(
      fc.property(small, fc.constantFrom(1, 2, 3), (list, threads) => {
        const ids = list.map((_, i) => i)
        const order = (side: 'left' | 'right') =>
          ids
            .filter(i => list[i]!.kind !== (side === 'left' ? 'right' : 'left'))
            .toSorted((i, j) => list[i]![side] - list[j]![side])
        const [left, right] = [order('left'), order('right')]
        const pairs = (kind: string) => {
          const of = ids.filter(i => list[i]!.kind === kind).toSorted((i, j) => list[i]!.pair - list[j]!.pair)
          return [of.map(i => left.indexOf(i)), of.map(i => right.indexOf(i))] as const
        }
        const sizes = (side: readonly number[]) => side.map(i => list[i]!.size)
        expectModel(
          sizes(left),
          sizes(right),
          { batch: pairs('batch'), contract: pairs('contract') },
          { threads },
        )
      }),
      { seed: 7, numRuns: runs },
    )
  })

  test('of nothing', () => {
    const bias = (a: Value, b: Value, c: Value): Value => a.matmul(b).add(c)
    check(bias as never, [f32(3, 0), f32(0, 5), f32(5)], { tolerance: 0 })
    check(bias as never, [f32(0, 4), f32(4, 5), f32(5)], { tolerance: 0 })
    check((a: Value, b: Value) => a.matmul(b), [f32(3, 4), f32(4, 0)], { tolerance: 0 })
  })

  test('f64', () => {
    const dot = (a: Value, b: Value) => a.dot(b, plain(1, 0))
    for (const [m, n, k] of shapes) check(dot, [f64(m, k), f64(k, n)], { tolerance: 1e-13 })
  })
})

describe('what is fused with a product', () => {
  const matmul = (a: Value, b: Value): Value => a.matmul(b)
  const cases: Record<string, readonly [(...x: Value[]) => Value | Value[], readonly Type[]]> = {
    'bias and relu after': [(x, w, b) => matmul(x!, w!).add(b!).relu(), [f32(37, 20), f32(20, 50), f32(50)]],
    'bias and residual, several blocks': [
      (x, w, b, r) => r!.add(matmul(x!, w!).add(b!)),
      [f32(70, 2400), f32(2400, 40), f32(40), f32(70, 40)],
    ],
    'two results': [
      (x, w) => {
        const y = matmul(x!, w!)
        return [y, y.tanh()]
      },
      [f32(9, 300), f32(300, 21)],
    ],
    'scale and mask over batches': [
      (q, k) => {
        const s = q!.dot(k!, {
          batch: [
            [0, 2],
            [0, 2],
          ],
          contract: [[3], [3]],
        })
        return s.mul(0.25).add(1)
      },
      [f32(2, 10, 3, 8), f32(2, 12, 3, 8)],
    ],
    'activation before': [(x, w) => matmul(x!.mul(2).relu(), w!), [f32(33, 40), f32(40, 18)]],
    'activation before, both, transposed': [
      (x, g) => matmul(x!.relu().transpose(), g!.tanh()),
      [f32(600, 33), f32(600, 19)],
    ],
    'rows and columns over axes that do not merge': [
      (x, w, r) => x!.dot(w!, { batch: [[], []], contract: [[2], [0]] }).add(r!.transpose([3, 1, 2, 0])),
      [f32(6, 14, 24), f32(24, 10, 36), f32(36, 14, 10, 6)],
    ],
    'sources over axes that do not merge': [
      (x, w) =>
        x!
          .transpose([1, 0, 2, 3])
          .relu()
          .dot(w!.transpose([1, 0, 2, 3]).tanh(), {
            batch: [[], []],
            contract: [
              [2, 3],
              [1, 0],
            ],
          }),
      [f32(7, 18, 5, 12), f32(5, 12, 6, 22)],
    ],
    'computed weights': [(x, w) => matmul(x!, w!.mul(0.5).transpose()), [f32(21, 40), f32(35, 40)]],
    'a padded source': [(x, w) => matmul(x!.pad([1, 3], [2, 0]), w!), [f32(13, 17), f32(20, 10)]],
    'slices and flips': [
      (x, w) => matmul(x!.slice([2, 1], [12, 17]), w!.flip([0])),
      [f32(13, 20), f32(16, 18)],
    ],
    'a broadcast source': [(x, w) => matmul(x!.broadcast([9, 30]), w!), [f32(1, 30), f32(30, 20)]],
  }
  for (const [name, [fn, types]] of Object.entries(cases)) test(name, () => check(fn as never, types))
})

test('an update in place, in chunks of columns that end inside a group', () => {
  for (const [m, k, n] of [
    [32, 8, 336],
    [8, 8, 784],
  ] as const)
    check(
      (p: Value, a: Value, b: Value) => p.mul(0.9).add(a.transpose().matmul(b)),
      [f32(m, n), f32(k, m), f32(k, n)],
    )
})
