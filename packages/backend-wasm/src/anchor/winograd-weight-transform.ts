import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { forRange } from './emit.ts'

interface CotangentGrid {
  /** Tiles in a row; columns of an output row. */
  readonly across: number
  readonly width: number
  readonly vectors: number
  /** Bytes from point to point. */
  readonly point: number
}

/**
 * Helper (to, from, height): A g Aᵀ of 2×2 tiles of `height` rows of positions, side by side vectors of filters at each.
 * What lies beyond the last row or column is zero.
 */
export function cotangentTransform(
  b: PhaseBuilder,
  { across, width, vectors, point }: CotangentGrid,
): number {
  const key = `winograd cotangent ${across} ${width} ${vectors} ${point}`
  return b.helper(key, ['i32', 'i32', 'i32'], [], f => {
    const [to, from, height] = f.params as [Local, Local, Local]
    const pitch = 16 * vectors
    const x = f.local('i32')
    const row = (lower: boolean): void => {
      const whole = Math.floor(width / 2)
      if (whole > 0)
        forRange(f, x, whole, () => {
          for (let v = 0; v < vectors; v++)
            cotangentTile(f, { to, from, at: 16 * v, pitch, width, point, lower, odd: false })
          f.increment(to, pitch).increment(from, 2 * pitch)
        })
      if (whole < across) {
        for (let v = 0; v < vectors; v++)
          cotangentTile(f, { to, from, at: 16 * v, pitch, width, point, lower, odd: true })
        f.increment(to, pitch).increment(from, pitch)
      }
      f.increment(from, width * pitch)
    }
    f.loop(next => {
      f.get(height)
        .i32(1)
        .op('i32.gt_s')
        .if(
          () => row(true),
          () => row(false),
        )
      f.get(height).i32(2).op('i32.sub').tee(height).i32(0).op('i32.gt_s').brIf(next)
    })
  })
}

interface CotangentTile {
  readonly to: Local
  readonly from: Local
  readonly at: number
  readonly pitch: number
  readonly width: number
  readonly point: number
  /** Whether there is a lower row; whether the right column is missing. */
  readonly lower: boolean
  readonly odd: boolean
}

/** One tile, one vector of filters. */
function cotangentTile(
  f: FunctionBuilder,
  { to, from, at, pitch, width, point, lower, odd }: CotangentTile,
): void {
  const zero = f.kept('f32x4 0', 'v128', () => f.f32x4(0))
  const g = [0, 1].map(i =>
    [0, 1].map(j => {
      if ((i === 1 && !lower) || (j === 1 && odd)) return null
      const vector = f.local('v128')
      f.get(from)
        .mem('v128.load', (i * width + j) * pitch + at)
        .set(vector)
      return vector
    }),
  )
  // Down the columns: (g0, g0 + g1, g0 − g1, −g1).
  const columns = [0, 1].map(j => fourPoints(f, g[0]![j]!, g[1]![j]!, zero))
  for (let i = 0; i < 4; i++) {
    const line = fourPoints(f, columns[0]![i]!, columns[1]![i]!, zero)
    for (const [j, vector] of line.entries())
      f.get(to)
        .get(vector)
        .mem('v128.store', (4 * i + j) * point + at)
    f.release(...line)
  }
  f.release(...columns.flat(), ...g.flat().filter(v => v !== null))
}

/** (x, x + y, x − y, −y) in new locals; null stands for zeros. */
function fourPoints(f: FunctionBuilder, x: Local | null, y: Local | null, zero: Local): Local[] {
  const [a, b] = [x ?? zero, y ?? zero]
  const list = [0, 1, 2, 3].map(() => f.local('v128')) as [Local, Local, Local, Local]
  f.get(a).set(list[0])
  f.get(a).get(b).op('f32x4.add').set(list[1])
  f.get(a).get(b).op('f32x4.sub').set(list[2])
  f.get(b).op('f32x4.neg').set(list[3])
  return list
}

/**
 * Helper (to, from, channels): Gᵀ m G of 4×4 points, vectors of filters: nine rows a channel, `row` bytes apart; channels
 * and points of `from` are `row` and `point` bytes apart.
 */
export function kernelTransform(b: PhaseBuilder, row: number, point: number): number {
  return b.helper(`winograd kernels ${row} ${point}`, ['i32', 'i32', 'i32'], [], f => {
    const [to, from, channels] = f.params as [Local, Local, Local]
    const x = f.local('i32')
    f.loop(next => {
      forRange(
        f,
        x,
        row,
        () => {
          kernelTile(f, to, from, row, point)
          f.increment(to, 16).increment(from, 16)
        },
        { step: 16 },
      )
      f.increment(to, 8 * row)
      f.get(channels).i32(1).op('i32.sub').tee(channels).brIf(next)
    })
  })
}

function kernelTile(f: FunctionBuilder, to: Local, from: Local, row: number, point: number): void {
  const columns = [0, 1, 2, 3].map(j => {
    const m = [0, 1, 2, 3].map(i => {
      const vector = f.local('v128')
      f.get(from)
        .mem('v128.load', (4 * i + j) * point)
        .set(vector)
      return vector
    })
    const list = threeTaps(f, m)
    f.release(...m)
    return list
  })
  for (let i = 0; i < 3; i++) {
    const line = columns.map(c => c[i]!)
    const taps = threeTaps(f, line)
    for (const [j, vector] of taps.entries())
      f.get(to)
        .get(vector)
        .mem('v128.store', (3 * i + j) * row)
    f.release(...taps)
  }
  f.release(...columns.flat())
}

/** Gᵀ x: (x0 + (x1 + x2) / 2, (x1 − x2) / 2, (x1 + x2) / 2 + x3), in new locals. */
function threeTaps(f: FunctionBuilder, x: readonly Local[]): Local[] {
  const [x0, x1, x2, x3] = x as [Local, Local, Local, Local]
  const half = f.kept('f32x4 0.5', 'v128', () => f.f32x4(0.5))
  const [a, b, c, sum] = [0, 1, 2, 3].map(() => f.local('v128')) as [Local, Local, Local, Local]
  f.get(x1).get(x2).op('f32x4.add').get(half).op('f32x4.mul').set(sum)
  f.get(x0).get(sum).op('f32x4.add').set(a)
  f.get(x1).get(x2).op('f32x4.sub').get(half).op('f32x4.mul').set(b)
  f.get(sum).get(x3).op('f32x4.add').set(c)
  f.release(sum)
  return [a, b, c]
}
