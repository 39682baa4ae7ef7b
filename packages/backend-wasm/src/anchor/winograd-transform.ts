import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { forRange, locals } from './emit.ts'
import { transpose4 } from './pack.ts'

/** Sets `to` = a ∘ b. */
function set(f: FunctionBuilder, to: Local, a: Local, op: 'f32x4.add' | 'f32x4.sub', b: Local): void {
  f.get(a).get(b).op(op).set(to)
}

function vectors(f: FunctionBuilder, count: number): Local[] {
  return Array.from({ length: count }, () => f.local('v128'))
}

/** x ← Bᵀ x: (x0 − x2, x1 + x2, x2 − x1, x1 − x3). */
function inputPoints(f: FunctionBuilder, x: readonly Local[]): void {
  const [x0, x1, x2, x3] = x as [Local, Local, Local, Local]
  const t = f.local('v128')
  set(f, x0, x0, 'f32x4.sub', x2)
  set(f, x3, x1, 'f32x4.sub', x3)
  set(f, t, x1, 'f32x4.add', x2)
  set(f, x2, x2, 'f32x4.sub', x1)
  f.get(t).set(x1)
  f.release(t)
}

/** (y0, y1) = Aᵀ x: ((x0 + x1) + x2, (x1 − x2) − x3). */
function outputPoints(f: FunctionBuilder, x: readonly Local[], y: readonly [Local, Local]): void {
  const [x0, x1, x2, x3] = x as [Local, Local, Local, Local]
  const [y0, y1] = y
  set(f, y0, x0, 'f32x4.add', x1)
  set(f, y0, y0, 'f32x4.add', x2)
  set(f, y1, x1, 'f32x4.sub', x2)
  set(f, y1, y1, 'f32x4.sub', x3)
}

/** (y0 … y3) = G x: (x0, ((x0 + x2) + x1) / 2, ((x0 + x2) − x1) / 2, x2). */
function weightPoints(f: FunctionBuilder, x: readonly Local[], y: readonly Local[]): void {
  const [x0, x1, x2] = x as [Local, Local, Local]
  const [y0, y1, y2, y3] = y as [Local, Local, Local, Local]
  const half = f.kept('f32x4 0.5', 'v128', () => f.f32x4(0.5))
  set(f, y3, x0, 'f32x4.add', x2)
  f.get(y3).get(x1).op('f32x4.add').get(half).op('f32x4.mul').set(y1)
  f.get(y3).get(x1).op('f32x4.sub').get(half).op('f32x4.mul').set(y2)
  f.get(x0).set(y0)
  f.get(x2).set(y3)
}

/** Tiles of an image: distances in bytes. */
export interface TileGrid {
  /** Tiles in a row. */
  readonly across: number
  /** From channel to channel and from row to row of the image. */
  readonly plane: number
  readonly row: number
  /** Of the transformed tiles: from channel to channel, and from point to point. */
  readonly pitch: number
  readonly point: number
}

/**
 * Helper (to, from, channels, rows): transforms `rows` rows of 4×4 tiles, two apart, of each channel. A row's last vector may go
 * beyond its end: the next row, or the space behind the last, takes what is too much.
 */
export function inputTransform(b: PhaseBuilder, grid: TileGrid): number {
  const { across, plane, row, pitch, point } = grid
  const key = `winograd input ${across} ${plane} ${row} ${pitch} ${point}`
  return b.helper(key, ['i32', 'i32', 'i32', 'i32'], [], f => {
    const [to, from, channels, rows] = f.params as [Local, Local, Local, Local]
    const [x, left, src, dst, line, put] = locals(f, 6)
    f.loop(nextChannel => {
      f.get(rows).set(left).get(from).set(line).get(to).set(put)
      f.loop(nextRow => {
        f.get(line).set(src).get(put).set(dst)
        forRange(
          f,
          x,
          across,
          () => {
            transformTiles(f, grid, src, dst)
            f.increment(src, 32).increment(dst, 16)
          },
          { step: 4 },
        )
        f.increment(line, 2 * row).increment(put, 4 * across)
        f.get(left).i32(1).op('i32.sub').tee(left).brIf(nextRow)
      })
      f.increment(from, plane).increment(to, pitch)
      f.get(channels).i32(1).op('i32.sub').tee(channels).brIf(nextChannel)
    })
  })
}

/** Four neighbouring tiles. */
function transformTiles(f: FunctionBuilder, { row, point }: TileGrid, src: Local, dst: Local): void {
  const d = [0, 1, 2, 3].map(i => {
    const line = vectors(f, 4) as [Local, Local, Local, Local]
    for (const [j, at] of [0, 8].entries()) {
      f.get(src)
        .mem('v128.load', i * row + at)
        .set(line[2 * j]!)
      f.get(src)
        .mem('v128.load', i * row + at + 16)
        .set(line[2 * j + 1]!)
      const odd = f.local('v128')
      f.get(line[2 * j]!)
        .get(line[2 * j + 1]!)
        .shuffle32([1, 3, 5, 7])
        .set(odd)
      f.get(line[2 * j]!)
        .get(line[2 * j + 1]!)
        .shuffle32([0, 2, 4, 6])
        .set(line[2 * j]!)
      f.get(odd).set(line[2 * j + 1]!)
      f.release(odd)
    }
    inputPoints(f, line)
    return line
  })
  for (let j = 0; j < 4; j++) {
    const column = d.map(line => line[j]!)
    inputPoints(f, column)
    for (const [i, vector] of column.entries())
      f.get(dst)
        .get(vector)
        .mem('v128.store', (4 * i + j) * point)
  }
  f.release(...d.flat())
}

/** Outputs of tiles: distances in bytes. */
export interface OutputGrid {
  readonly across: number
  /** Columns of an output row. */
  readonly width: number
  /** From row to row of the result's channels, and within one. */
  readonly plane: number
  /** Of the sums: from channel to channel, and from point to point. */
  readonly pitch: number
  readonly point: number
}

/**
 * Helper (to, from, channels, height, scratch): the 2×2 outputs of rows of tiles, for each channel: `height` rows of them.
 * `scratch` has room for 64 bytes.
 */
export function outputTransform(b: PhaseBuilder, grid: OutputGrid): number {
  const { across, width, plane, pitch, point } = grid
  const key = `winograd output ${across} ${width} ${plane} ${pitch} ${point}`
  return b.helper(key, ['i32', 'i32', 'i32', 'i32', 'i32'], [], f => {
    const [to, from, channels, height, scratch] = f.params as [Local, Local, Local, Local, Local]
    const [x, left, src, dst, line, put] = locals(f, 6)
    // Vectors of four tiles whose eight columns all exist.
    const whole = Math.floor(width / 8)
    const rest = width - 8 * whole
    f.loop(nextChannel => {
      f.get(height).set(left).get(from).set(line).get(to).set(put)
      f.loop(nextRow => {
        f.get(line).set(src).get(put).set(dst)
        if (whole > 0)
          forRange(f, x, whole, () => {
            const y = outputsOf(f, point, src)
            storeOutputs(f, y, dst, width, left)
            f.release(...y)
            f.increment(src, 16).increment(dst, 32)
          })
        if (rest > 0) {
          const y = outputsOf(f, point, src)
          for (const [i, vector] of y.entries())
            f.get(scratch)
              .get(vector)
              .mem('v128.store', 16 * i)
          f.release(...y)
          copyOutputs(f, scratch, dst, rest, width, left)
        }
        f.increment(line, 4 * across).increment(put, 8 * width)
        f.get(left).i32(2).op('i32.sub').tee(left).i32(0).op('i32.gt_s').brIf(nextRow)
      })
      f.increment(from, pitch).increment(to, plane)
      f.get(channels).i32(1).op('i32.sub').tee(channels).brIf(nextChannel)
    })
  })
}

/** Eight columns of two rows, from four tiles: the upper row's two vectors, then the lower one's. */
function outputsOf(f: FunctionBuilder, point: number, src: Local): [Local, Local, Local, Local] {
  // Columns of the 4×4 points first, as they are read.
  const [upper, lower] = [vectors(f, 4), vectors(f, 4)]
  const m = vectors(f, 4)
  for (let j = 0; j < 4; j++) {
    for (let i = 0; i < 4; i++)
      f.get(src)
        .mem('v128.load', (4 * i + j) * point)
        .set(m[i]!)
    outputPoints(f, m, [upper[j]!, lower[j]!])
  }
  f.release(...m)
  return [upper, lower].flatMap(line => {
    const [even, odd] = [f.local('v128'), f.local('v128')]
    outputPoints(f, line, [even, odd])
    f.get(even).get(odd).shuffle32([0, 4, 1, 5]).set(line[0]!)
    f.get(even).get(odd).shuffle32([2, 6, 3, 7]).set(line[1]!)
    f.release(even, odd, line[2]!, line[3]!)
    return [line[0]!, line[1]!]
  }) as [Local, Local, Local, Local]
}

function storeOutputs(
  f: FunctionBuilder,
  y: readonly [Local, Local, Local, Local],
  dst: Local,
  width: number,
  left: Local,
): void {
  f.get(dst).get(y[0]).mem('v128.store')
  f.get(dst).get(y[1]).mem('v128.store', 16)
  f.get(left)
    .i32(1)
    .op('i32.gt_s')
    .if(() => {
      f.get(dst)
        .get(y[2])
        .mem('v128.store', 4 * width)
      f.get(dst)
        .get(y[3])
        .mem('v128.store', 4 * width + 16)
    })
}

/** The first `count` columns of both rows, from `scratch`. */
function copyOutputs(
  f: FunctionBuilder,
  scratch: Local,
  dst: Local,
  count: number,
  width: number,
  left: Local,
): void {
  const copy = (from: number, to: number): void => {
    let i = 0
    for (; count - i >= 2; i += 2)
      f.get(dst)
        .get(scratch)
        .mem('i64.load', from + 4 * i)
        .mem('i64.store', to + 4 * i)
    if (i < count)
      f.get(dst)
        .get(scratch)
        .mem('f32.load', from + 4 * i)
        .mem('f32.store', to + 4 * i)
  }
  copy(0, 0)
  f.get(left)
    .i32(1)
    .op('i32.gt_s')
    .if(() => copy(32, 4 * width))
}

/** Where the weights of one row and channel are, in bytes from their first: nine of them. */
export interface KernelPlace {
  readonly dy: number
  readonly dx: number
  /** From channel to channel. */
  readonly channel: number
  /** From point to point of the transformed weights, which lie channel by channel. */
  readonly point: number
}

/** Helper (to, from, channels): transforms the kernels of one row. */
export function weightTransform(b: PhaseBuilder, { dy, dx, channel, point }: KernelPlace): number {
  const key = `winograd weights ${dy} ${dx} ${channel} ${point}`
  return b.helper(key, ['i32', 'i32', 'i32'], [], f => {
    const [to, from, channels] = f.params as [Local, Local, Local]
    const least = Math.min(0, 2 * dy) + Math.min(0, 2 * dx)
    f.increment(from, least)
    f.loop(next => {
      const w = [0, 1, 2].map(i => {
        const line = f.local('v128')
        const at = i * dy - least
        f.get(from)
          .get(from)
          .get(from)
          .mem('v128.load32_zero', at)
          .laneMem('v128.load32_lane', 1, at + dx)
          .laneMem('v128.load32_lane', 2, at + 2 * dx)
        f.set(line)
        return line
      })
      const u = vectors(f, 4) as [Local, Local, Local, Local]
      weightPoints(f, w, u)
      f.release(...w)
      // Lanes: columns of the kernel; turned, they are vectors.
      transpose4(f, u)
      const v = vectors(f, 4)
      weightPoints(f, u, v)
      for (const [j, vector] of v.entries())
        for (let i = 0; i < 4; i++)
          f.get(to)
            .get(vector)
            .laneMem('v128.store32_lane', i, (4 * i + j) * point)
      f.release(...u, ...v)
      f.increment(to, 4).increment(from, channel)
      f.get(channels).i32(1).op('i32.sub').tee(channels).brIf(next)
    })
  })
}
