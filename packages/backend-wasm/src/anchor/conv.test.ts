import { kernelOf } from '@stint/engine'
import { type ConvAttrs, conv, f32, f64, type OpName, sizeOf, type Type, type Value } from '@stint/graph'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bench, bitsOf, check, noise } from '../testing/anchors.ts'

const runs = process.env.STINT_FULL === '1' ? 200 : 25

interface Case {
  readonly n: number
  readonly groups: number
  readonly channels: number
  readonly filters: number
  readonly size: readonly [number, number]
  readonly kernel: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly dilation: readonly [number, number]
  readonly padding: readonly [readonly [number, number], readonly [number, number]]
}

const square = (
  n: number,
  channels: number,
  filters: number,
  size: number,
  kernel: number,
  stride = 1,
  pad = 0,
): Case => ({
  n,
  groups: 1,
  channels,
  filters,
  size: [size, size],
  kernel: [kernel, kernel],
  stride: [stride, stride],
  dilation: [1, 1],
  padding: [
    [pad, pad],
    [pad, pad],
  ],
})

/** Output sizes, or null where the kernel does not fit. */
function outputs(c: Case): [number, number] | null {
  const of = (a: 0 | 1): number =>
    Math.floor(
      (c.size[a] + c.padding[a][0] + c.padding[a][1] - (c.kernel[a] - 1) * c.dilation[a] - 1) / c.stride[a],
    ) + 1
  const list: [number, number] = [of(0), of(1)]
  return list.every(n => n >= 1) ? list : null
}

const attrsOf = (c: Case): ConvAttrs => ({
  stride: c.stride,
  padding: c.padding,
  dilation: c.dilation,
  groups: c.groups,
})

function scattered(n: number, seed: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => noise(i, seed))
}

/** Sums up in blocks: products within a block in f32 from zero, the blocks in order. */
class Blocks {
  #total = 0
  #sum = 0
  #block = -1
  #first = true

  add(block: number, x: number, y: number): void {
    this.#to(block)
    this.#sum = Math.fround(this.#sum + Math.fround(x * y))
  }

  #to(block: number): void {
    if (block === this.#block) return
    if (this.#block >= 0) {
      this.#total = this.#first ? this.#sum : Math.fround(this.#total + this.#sum)
      this.#first = false
    }
    this.#sum = 0
    this.#block = block
  }

  get total(): number {
    this.#to(Number.POSITIVE_INFINITY)
    return this.#total
  }
}

/** The numerics of the three, spelled out over the trilinear form. */
function model(c: Case, op: OpName, a: Float32Array, b: Float32Array): Float32Array {
  const [oh, ow] = outputs(c)!
  const [h, w] = c.size
  const [kh, kw] = c.kernel
  const block = Math.max(1, Math.floor(256 / (kh * kw)))
  const rows = Math.min(oh, Math.max(1, Math.floor(1024 / ow)))
  const [C, F] = [c.groups * c.channels, c.groups * c.filters]
  const size =
    op === 'conv' ? c.n * F * oh * ow : op === 'convInput' ? c.n * C * h * w : F * c.channels * kh * kw
  const sums = Array.from({ length: size }, () => new Blocks())
  const tap = (s: number, y: 0 | 1, k: number): number =>
    s * c.stride[y] + k * c.dilation[y] - c.padding[y][0]
  // Every product once, in an order that is ascending for each of the three.
  const each = (
    visit: (n: number, f: number, ch: number, ky: number, kx: number, oy: number, ox: number) => void,
  ) => {
    for (let n = 0; n < c.n; n++)
      for (let f = 0; f < F; f++)
        for (let ch = 0; ch < c.channels; ch++)
          for (let ky = 0; ky < kh; ky++)
            for (let kx = 0; kx < kw; kx++)
              for (let oy = 0; oy < oh; oy++) for (let ox = 0; ox < ow; ox++) visit(n, f, ch, ky, kx, oy, ox)
  }
  each((n, f, ch, ky, kx, oy, ox) => {
    const [y, x] = [tap(oy, 0, ky), tap(ox, 1, kx)]
    if (y < 0 || y >= h || x < 0 || x >= w) return
    const channel = Math.floor(f / c.filters) * c.channels + ch
    const image = ((n * C + channel) * h + y) * w + x
    const weight = ((f * c.channels + ch) * kh + ky) * kw + kx
    const output = ((n * F + f) * oh + oy) * ow + ox
    if (op === 'conv') sums[output]!.add(Math.floor(ch / block), b[weight]!, a[image]!)
    else if (op === 'convInput') sums[image]!.add(Math.floor((f % c.filters) / block), b[weight]!, a[output]!)
    else sums[weight]!.add(n * oh + Math.floor(oy / rows), a[image]!, b[output]!)
  })
  return Float32Array.from(sums, s => s.total)
}

const f = Math.fround

/** (x0 − x2, x1 + x2, x2 − x1, x1 − x3) */
const inputPoints = ([a, b, c, d]: number[]): number[] => [f(a! - c!), f(b! + c!), f(c! - b!), f(b! - d!)]
/** ((x0 + x1) + x2, (x1 − x2) − x3) */
const outputPoints = ([a, b, c, d]: number[]): number[] => [f(f(a! + b!) + c!), f(f(b! - c!) - d!)]
/** (x0, ((x0 + x2) + x1) / 2, ((x0 + x2) − x1) / 2, x2) */
const weightPoints = ([a, b, c]: number[]): number[] => {
  const ends = f(a! + c!)
  return [a!, f(ends + b!) / 2, f(ends - b!) / 2, c!]
}
const turn = (m: number[][]): number[][] => m[0]!.map((_, j) => m.map(row => row[j]!))
const along = (points: (x: number[]) => number[], m: number[][]): number[][] => m.map(points)
const down = (points: (x: number[]) => number[], m: number[][]): number[][] => turn(along(points, turn(m)))

/** The numerics of 3×3 kernels by tiles: sums over channels of products point by point. */
function tileModel(c: Case, op: OpName, a: Float32Array, b: Float32Array): Float32Array {
  const [oh, ow] = outputs(c)!
  const [C, F] = [c.channels, c.filters]
  // The image that is read, its channels, those that are made, their sizes, and where output 0 begins to read.
  const backward = op === 'convInput'
  const [K, R] = backward ? [F, C] : [C, F]
  const [h, w] = backward ? [oh, ow] : c.size
  const [H, W] = backward ? c.size : [oh, ow]
  const first = c.padding.map(([before]) => (backward ? before - 2 : -before))
  const out = new Float32Array(c.n * c.groups * R * H * W)
  for (let n = 0; n < c.n; n++)
    for (let g = 0; g < c.groups; g++)
      for (let ty = 0; ty < H; ty += 2)
        for (let tx = 0; tx < W; tx += 2) {
          const tiles = Array.from({ length: K }, (_, k) => {
            const d = [0, 1, 2, 3].map(i =>
              [0, 1, 2, 3].map(j => {
                const [y, x] = [first[0]! + ty + i, first[1]! + tx + j]
                const inside = y >= 0 && y < h && x >= 0 && x < w
                return inside ? a[((n * c.groups * K + g * K + k) * h + y) * w + x]! : 0
              }),
            )
            return down(inputPoints, along(inputPoints, d))
          })
          for (let r = 0; r < R; r++) {
            const sums = [0, 1, 2, 3].map(() => [0, 0, 0, 0].map(() => new Blocks()))
            for (let k = 0; k < K; k++) {
              const [filter, channel] = backward ? [k, r] : [r, k]
              const at = ((g * F + filter) * C + channel) * 9
              const kernel = [0, 1, 2].map(i =>
                [0, 1, 2].map(j => b[at + (backward ? 8 - 3 * i - j : 3 * i + j)]!),
              )
              const u = along(weightPoints, down(weightPoints, kernel))
              for (let i = 0; i < 4; i++)
                for (let j = 0; j < 4; j++)
                  sums[i]![j]!.add(Math.floor(k / 256), u[i]![j]!, tiles[k]![i]![j]!)
            }
            const totals = sums.map(line => line.map(x => x.total))
            const y = along(outputPoints, down(outputPoints, totals))
            for (let i = 0; i < 2; i++)
              for (let j = 0; j < 2; j++)
                if (ty + i < H && tx + j < W)
                  out[((n * c.groups * R + g * R + r) * H + ty + i) * W + tx + j] = y[i]![j]!
          }
        }
  return out
}

/** (x, x + y, x − y, −y) */
const fourPoints = ([x, y]: number[]): number[] => [x!, f(x! + y!), f(x! - y!), -y!]
/** (x0 + (x1 + x2) / 2, (x1 − x2) / 2, (x1 + x2) / 2 + x3) */
const threeTaps = ([a, b, c, d]: number[]): number[] => {
  const half = f(b! + c!) / 2
  return [f(a! + half), f(b! - c!) / 2, f(half + d!)]
}

/** The numerics of the gradient of 3×3 kernels by tiles: blocks of 64 tiles at most, in whole rows, or of images. */
function tileWeightModel(c: Case, _op: OpName, a: Float32Array, b: Float32Array): Float32Array {
  const [oh, ow] = outputs(c)!
  const [h, w] = c.size
  const [C, F] = [c.channels, c.filters]
  const [across, rows] = [Math.ceil(ow / 2), Math.ceil(oh / 2)]
  const blockRows = Math.min(rows, Math.max(1, Math.floor(64 / across)))
  const blockImages = Math.max(1, Math.floor(64 / (across * rows)))
  const out = new Float32Array(c.groups * F * C * 9)
  const grid = (visit: (y: number, x: number) => number, n: number) =>
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => visit(i, j)))
  for (let g = 0; g < c.groups; g++)
    for (let k = 0; k < C; k++)
      for (let r = 0; r < F; r++) {
        const sums = grid(() => 0, 4).map(line => line.map(() => new Blocks()))
        for (let n = 0; n < c.n; n++)
          for (let ty = 0; ty < rows; ty++)
            for (let tx = 0; tx < across; tx++) {
              const d = grid((i, j) => {
                const [y, x] = [2 * ty + i - c.padding[0][0], 2 * tx + j - c.padding[1][0]]
                const inside = y >= 0 && y < h && x >= 0 && x < w
                return inside ? a[((n * c.groups * C + g * C + k) * h + y) * w + x]! : 0
              }, 4)
              const ct = grid((i, j) => {
                const [y, x] = [2 * ty + i, 2 * tx + j]
                return y < oh && x < ow ? b[((n * c.groups * F + g * F + r) * oh + y) * ow + x]! : 0
              }, 2)
              const tile = down(inputPoints, along(inputPoints, d))
              const points = along(fourPoints, down(fourPoints, ct))
              const block = Math.floor(n / blockImages) * rows + Math.floor(ty / blockRows)
              for (let i = 0; i < 4; i++)
                for (let j = 0; j < 4; j++) sums[i]![j]!.add(block, tile[i]![j]!, points[i]![j]!)
            }
        const totals = sums.map(line => line.map(x => x.total))
        const kernel = along(threeTaps, down(threeTaps, totals))
        for (let i = 0; i < 9; i++) out[((g * F + r) * C + k) * 9 + i] = kernel[Math.floor(i / 3)]![i % 3]!
      }
  return out
}

function expectModel(c: Case, op: OpName, threads: readonly number[], numerics = model): void {
  const out = outputs(c)!
  const [C, F] = [c.groups * c.channels, c.groups * c.filters]
  const x = f32(c.n, C, ...c.size)
  const w = f32(F, c.channels, ...c.kernel)
  const g = f32(c.n, F, ...out)
  const [types, result, attrs]: [Type[], Type, ConvAttrs & { size?: readonly number[] }] =
    op === 'conv'
      ? [[x, w], g, attrsOf(c)]
      : op === 'convInput'
        ? [[g, w], x, { ...attrsOf(c), size: c.size }]
        : [[x, g], w, { ...attrsOf(c), size: c.kernel }]
  const kernel = kernelOf(types, [{ op, attrs: attrs as never, inputs: [0, 1], types: [result] }], [2])
  const [a, b] = types.map((t, i) => scattered(sizeOf(t.shape), i)) as [Float32Array, Float32Array]
  const expected = numerics(c, op, a, b)
  for (const count of threads) {
    const bench = new Bench(kernel, [a, b], { threads: count })
    const before = new Uint8Array(bench.memory.buffer.slice(0))
    bench.run()
    const what = `${op} ${JSON.stringify(c)} ${count}`
    expect(Buffer.compare(bench.untouched(before), before), `${what} writes elsewhere`).toBe(0)
    const got = bench.results()[0]!
    const at = expected.findIndex((v, i) => v !== got[i])
    expect(at < 0 ? '' : `${at}: ${got[at]}, not ${expected[at]}`, what).toBe('')
    expect(Buffer.compare(bitsOf(got), bitsOf(expected)), what).toBe(0)
  }
}

const ops = ['conv', 'convInput', 'convWeight'] as const

describe('convolutions have the bits of the model', () => {
  const cases: Record<string, Case> = {
    'one channel, valid': square(2, 1, 5, 9, 3),
    'same padding': square(3, 3, 18, 8, 3, 1, 1),
    'several blocks of channels': square(1, 60, 3, 5, 3, 1, 1),
    'stride 2': square(2, 4, 6, 9, 3, 2, 1),
    'a projection of stride 2': square(2, 5, 7, 8, 1, 2),
    'five by five of stride 2': square(2, 1, 6, 12, 5, 2, 2),
    'rows of 14': square(1, 3, 4, 14, 3, 1, 1),
    'an image larger than a block': square(1, 2, 3, 40, 3, 1, 1),
    groups: { ...square(2, 2, 3, 7, 3, 1, 1), groups: 3 },
    depthwise: { ...square(1, 1, 1, 6, 3, 1, 1), groups: 5 },
    dilation: { ...square(1, 2, 3, 9, 3, 1, 2), dilation: [2, 3] },
    'uneven padding and strides': {
      ...square(1, 2, 3, 9, 3),
      stride: [2, 3],
      padding: [
        [2, 0],
        [0, 1],
      ],
    },
    'stride beyond the kernel': { ...square(1, 2, 3, 11, 2), stride: [3, 4] },
  }
  for (const [name, c] of Object.entries(cases))
    test(name, () => {
      for (const op of ops) expectModel(c, op, [1, 2, 3])
    })

  test('any sizes', () => {
    const pair = <T>(x: fc.Arbitrary<T>) => fc.tuple(x, x)
    const small = (min: number, max: number) => fc.integer({ min, max })
    const any = fc
      .record({
        n: small(1, 3),
        groups: small(1, 3),
        channels: fc.oneof(small(1, 5), fc.constant(9)),
        filters: fc.oneof(small(1, 6), fc.constantFrom(16, 17, 20)),
        size: pair(small(1, 13)),
        kernel: pair(small(1, 4)),
        stride: pair(small(1, 3)),
        dilation: pair(small(1, 2)),
        padding: pair(pair(small(0, 2))),
      })
      .filter(c => outputs(c) !== null)
    fc.assert(
      fc.property(any, fc.constantFrom(...ops), fc.constantFrom(1, 2, 5), (c, op, threads) =>
        expectModel(c, op, [threads]),
      ),
      {
        seed: 11,
        numRuns: runs,
      },
    )
  })
})

describe('3×3 kernels over many channels go by tiles', () => {
  const cases: Record<string, Case> = {
    'same padding': square(2, 16, 18, 8, 3, 1, 1),
    'valid, odd rows': square(1, 17, 16, 11, 3),
    'rows of 13': square(1, 16, 16, 15, 3),
    'several bands': square(1, 16, 16, 30, 3, 1, 1),
    'several blocks of channels': square(1, 258, 16, 4, 3, 1, 1),
    'several images in a block': square(5, 16, 20, 5, 3, 1, 1),
    groups: { ...square(2, 16, 17, 6, 3, 1, 1), groups: 2 },
    'uneven padding': {
      ...square(1, 16, 16, 9, 3),
      padding: [
        [2, 0],
        [0, 1],
      ],
    },
  }
  for (const [name, c] of Object.entries(cases))
    test(name, () => {
      for (const op of ['conv', 'convInput'] as const) expectModel(c, op, [1, 2, 5], tileModel)
      expectModel(c, 'convWeight', [1, 2, 5], tileWeightModel)
    })
})

describe('what is fused with a convolution', () => {
  const same = { padding: 1 }
  const cases: Record<string, readonly [(...x: Value[]) => Value | Value[], readonly Type[]]> = {
    'bias and relu': [
      (x, w, b) =>
        conv(x!, w!, same)
          .add(b!.reshape([6, 1, 1]))
          .relu(),
      [f32(2, 3, 9, 9), f32(6, 3, 3, 3), f32(6)],
    ],
    'a normalized image before, a residual after': [
      (x, w, s, r) =>
        r!.add(
          conv(
            x!
              .mul(s!.reshape([5, 1, 1]))
              .add(0.25)
              .relu(),
            w!,
            same,
          ),
        ),
      [f32(3, 5, 8, 8), f32(18, 5, 3, 3), f32(5), f32(3, 18, 8, 8)],
    ],
    'stride 2 with an epilogue': [
      (x, w) => conv(x!, w!, { stride: 2, padding: 1 }).tanh(),
      [f32(2, 3, 10, 10), f32(4, 3, 3, 3)],
    ],
    'computed weights': [(x, w) => conv(x!, w!.mul(0.5), same), [f32(1, 4, 6, 6), f32(3, 4, 3, 3)]],
    'weights with the channels last': [
      (x, w) => conv(x!.transpose([0, 3, 1, 2]), w!.transpose([3, 2, 0, 1]), same),
      [f32(2, 7, 7, 3), f32(3, 3, 3, 8)],
    ],
    'one spatial axis': [
      (x, w) => conv(x!, w!, { padding: 2, stride: 2 }).relu(),
      [f32(2, 3, 20), f32(5, 3, 4)],
    ],
  }
  for (const [name, [fn, types]] of Object.entries(cases)) test(name, () => check(fn as never, types))

  test('f64', () => {
    check((x: Value, w: Value) => conv(x, w, same), [f64(2, 3, 7, 7), f64(9, 3, 3, 3)], { tolerance: 1e-13 })
  })
})
