import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { emitBlock } from './block.ts'
import { readyCotangent } from './cotangent.ts'
import { type Strip, tailStrip } from './dot-plan.ts'
import { forRange, plus, times } from './emit.ts'
import type { Grouped } from './groups.ts'
import { clearImage, readyImage } from './image.ts'
import { tilesHelper } from './micro.ts'
import { pointBytes, points } from './winograd.ts'
import { inputTransform } from './winograd-transform.ts'
import type { TileWeightPlan } from './winograd-weight.ts'

export interface TileWeightPlaces {
  /** Pushes the address of this part's workspace. */
  readonly workspace: () => void
  /** What is computed after, over filters, and channels and taps together; the results' place among the arguments. */
  readonly epilogue: Grouped
  readonly firstResult: number
}

/** Emits one phase: this part's share of the items of a weight gradient by tiles. */
export function emitTileWeights(b: PhaseBuilder, plan: TileWeightPlan, places: TileWeightPlaces): void {
  new TileWeightEmitter(b, plan, places).emit()
}

class TileWeightEmitter {
  readonly b: PhaseBuilder
  readonly plan: TileWeightPlan
  readonly places: TileWeightPlaces
  readonly work: Local
  /** First channel of the chunk in its group and among all, and how many. */
  readonly chunk: Local
  readonly channel: Local
  readonly channels: Local
  /** First filter of the chunk in its group and among all, and the end in its group. */
  readonly first: Local
  readonly filter: Local
  readonly end: Local
  /** First image of the block, and how many. */
  readonly n: Local
  readonly images: Local
  /** First row of tiles of the block, and how many. */
  readonly y: Local
  readonly rows: Local
  /** Whether there are sums already. */
  readonly more: Local

  constructor(b: PhaseBuilder, plan: TileWeightPlan, places: TileWeightPlaces) {
    this.b = b
    this.plan = plan
    this.places = places
    const local = (): Local => b.f.local('i32')
    this.work = local()
    this.chunk = local()
    this.channel = local()
    this.channels = local()
    this.first = local()
    this.filter = local()
    this.end = local()
    this.n = local()
    this.images = local()
    this.y = local()
    this.rows = local()
    this.more = local()
  }

  emit(): void {
    const { f, part, parts } = this.b
    const { groups, channelChunks, filterChunks, image } = this.plan
    this.places.workspace()
    f.set(this.work)
    clearImage(this.b, image, this.work)
    const items = groups * channelChunks * filterChunks
    const [item, end] = [f.local('i32'), f.local('i32')]
    f.get(part).i32(items).op('i32.mul').get(parts).op('i32.div_u').set(item)
    f.get(part).i32(1).op('i32.add').i32(items).op('i32.mul').get(parts).op('i32.div_u').set(end)
    forRange(f, item, end, () => this.#item(item), { from: item })
    f.release(item, end)
  }

  #item(item: Local): void {
    const { f } = this.b
    const { channels, filters, channelChunks, filterChunks, chunkChannels, chunkFilters } = this.plan
    const { images, blockImages, down, blockRows } = this.plan
    const group = f.local('i32')
    f.get(item)
      .i32(channelChunks * filterChunks)
      .op('i32.div_u')
      .set(group)
    times(f.get(item).i32(filterChunks).op('i32.div_u').i32(channelChunks).op('i32.rem_u'), chunkChannels)
    f.set(this.chunk)
    times(f.get(group), channels).get(this.chunk).op('i32.add').set(this.channel)
    least(this.b, channels, this.chunk, chunkChannels, this.channels)
    times(f.get(item).i32(filterChunks).op('i32.rem_u'), chunkFilters).set(this.first)
    times(f.get(group), filters).get(this.first).op('i32.add').set(this.filter)
    least(this.b, filters, this.first, chunkFilters, this.end)
    f.get(this.first).get(this.end).op('i32.add').set(this.end)
    f.release(group)
    f.i32(0).set(this.more)
    forRange(
      f,
      this.n,
      images,
      () => {
        least(this.b, images, this.n, blockImages, this.images)
        forRange(
          f,
          this.y,
          down,
          () => {
            least(this.b, down, this.y, blockRows, this.rows)
            this.#block()
            f.i32(1).set(this.more)
          },
          { step: blockRows },
        )
      },
      { step: blockImages },
    )
    this.#finish()
  }

  /** Adds the products of one block of tiles to the sums. */
  #block(): void {
    const { f } = this.b
    const { image, across, pitch, chunkChannels, blockRows, down, blockImages, tilesAt } = this.plan
    const [i, n, at, firstRow] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
    forRange(f, i, this.images, () => {
      f.get(this.n).get(i).op('i32.add').set(n)
      const want = { image: n, channel: this.channel, channels: this.channels }
      if (blockRows >= down) readyImage(this.b, image, want, this.work, at)
      else {
        plus(times(f.get(this.y), 2), image.y.first).set(firstRow)
        clearImage(this.b, image, this.work)
        readyImage(this.b, image, { ...want, firstRow }, this.work, at)
      }
      plus(f.get(this.work), tilesAt)
      if (blockImages > 1) times(f.get(i), across * down * 4).op('i32.add')
      f.get(at).get(this.channels).get(this.rows)
      const grid = {
        across,
        plane: image.plane,
        row: image.row,
        pitch: 4 * pitch,
        point: pointBytes(pitch * chunkChannels),
      }
      f.call(inputTransform(this.b, grid))
    })
    f.release(i, n, at, firstRow)
    this.#panels()
  }

  #panels(): void {
    const { f } = this.b
    const { filters } = this.plan
    const rest = filters % 16
    const [at, whole] = [f.local('i32'), f.local('i32')]
    if (filters >= 16) {
      f.get(this.end).i32(-16).op('i32.and').set(whole)
      forRange(f, at, whole, () => this.#panel(at, { vectors: 4, rows: 2 }, 16), {
        from: this.first,
        step: 16,
      })
    }
    if (rest > 0)
      f.get(this.end)
        .i32(filters)
        .op('i32.eq')
        .if(() => {
          f.i32(filters - rest).set(at)
          this.#panel(at, tailStrip(Math.ceil(rest / 4)), rest)
        })
    f.release(at, whole)
  }

  /** Filters `at` to before `at + width` of the group. */
  #panel(at: Local, { vectors, rows: high }: Strip, width: number): void {
    const { f } = this.b
    const { x, y, across, down, blockImages, positionsAt, panelAt, blockRows, tilesAt, sumsAt } = this.plan
    const { pitch, chunkChannels, sumsRow } = this.plan
    const [i, n, filter, start, count, to] = Array.from({ length: 6 }, () => f.local('i32')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ]
    const [high2, tiles, sums] = [f.local('i32'), f.local('i32'), f.local('i32')]
    const point = pointBytes(blockRows * across * blockImages * 4 * vectors)
    f.get(at).get(this.first).op('i32.sub').get(this.filter).op('i32.add').set(filter)
    // Output rows of the block.
    times(f.get(this.y), 2).set(start)
    times(f.get(this.rows), 2).get(start).op('i32.add').set(high2)
    f.get(high2)
      .i32(y.places)
      .get(high2)
      .i32(y.places)
      .op('i32.lt_s')
      .op('select')
      .get(start)
      .op('i32.sub')
      .set(high2)
    times(f.get(start), x.places).set(start)
    times(f.get(high2), x.places).set(count)
    forRange(f, i, this.images, () => {
      f.get(this.n).get(i).op('i32.add').set(n)
      plus(f.get(this.work), positionsAt).set(to)
      const span = { start, count, unit: blockRows < down ? 2 * blockRows * x.places : y.places * x.places }
      readyCotangent(this.b, this.plan, { image: n, filter, width, vectors, positions: span, to })
      plus(f.get(this.work), panelAt)
      if (blockImages > 1) times(f.get(i), across * down * 16 * vectors).op('i32.add')
      f.get(to).get(high2)
      f.call(cotangentTransform(this.b, { across, width: x.places, vectors, point }))
    })
    plus(f.get(this.work), tilesAt).set(tiles)
    plus(f.get(this.work), sumsAt)
    times(f.get(at).get(this.first).op('i32.sub'), 4).op('i32.add').set(sums)
    plus(f.get(this.work), panelAt).set(to)
    times(f.get(this.rows), across).set(count)
    if (blockImages > 1) f.get(count).get(this.images).op('i32.mul').set(count)
    const shape = {
      lane: this.plan.lane,
      aStep: 4,
      vectors,
      bStep: 16 * vectors,
      cRow: 4 * sumsRow,
    }
    const strip = (rows: number): number =>
      tilesHelper(
        this.b,
        { ...shape, aRows: Array.from({ length: rows }, (_, j) => 4 * pitch * j), aNext: 4 * pitch * rows },
        256,
      )
    const [p, whole] = [f.local('i32'), f.local('i32')]
    f.get(this.channels).i32(-high).op('i32.and').set(whole)
    forRange(f, p, points, () => {
      f.get(whole).if(() => {
        f.get(tiles).get(to).get(sums).get(count)
        f.get(whole).i32(Math.log2(high)).op('i32.shr_u').get(this.more).call(strip(high))
      })
      f.get(whole)
        .get(this.channels)
        .op('i32.ne')
        .if(() => {
          times(f.get(whole), 4 * pitch)
            .get(tiles)
            .op('i32.add')
            .get(to)
          times(f.get(whole), 4 * sumsRow)
            .get(sums)
            .op('i32.add')
            .get(count)
          f.get(this.channels).get(whole).op('i32.sub').get(this.more).call(strip(1))
        })
      f.increment(tiles, pointBytes(pitch * chunkChannels)).increment(to, point)
      f.increment(sums, pointBytes(sumsRow * chunkChannels))
    })
    f.release(p, whole, i, n, filter, start, count, to, high2, tiles, sums)
  }

  /** Kernels from the sums, and what is computed of them. */
  #finish(): void {
    const { f } = this.b
    const { sumsAt, outAt, sumsRow, chunkChannels } = this.plan
    const [row, rows, count, out] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
    plus(f.get(this.work), outAt).set(out)
    f.get(out)
    plus(f.get(this.work), sumsAt)
    f.get(this.channels).call(kernelTransform(this.b, 4 * sumsRow, pointBytes(sumsRow * chunkChannels)))
    times(f.get(this.chunk), 9).set(row)
    times(f.get(this.channels), 9).set(rows)
    f.get(this.end).get(this.first).op('i32.sub').set(count)
    emitBlock(this.b, {
      grouped: this.places.epilogue,
      spans: [
        { start: this.filter, count, unit: 1 },
        { start: row, count: rows, unit: 9 },
      ],
      anchor: { at: out, strides: [4, 4 * sumsRow] },
      firstResult: this.places.firstResult,
    })
    f.release(row, rows, count, out)
  }
}

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
function cotangentTransform(b: PhaseBuilder, { across, width, vectors, point }: CotangentGrid): number {
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
function kernelTransform(b: PhaseBuilder, row: number, point: number): number {
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

/** to = the lesser of `chunk` and what is left of `total` from `start` on. */
function least({ f }: PhaseBuilder, total: number, start: Local, chunk: number, to: Local): void {
  if (chunk >= total) f.i32(total).set(to)
  else {
    f.i32(total).get(start).op('i32.sub').set(to)
    f.get(to).i32(chunk).get(to).i32(chunk).op('i32.lt_s').op('select').set(to)
  }
}
