import type { Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { emitBlock } from './block.ts'
import { readyCotangent } from './cotangent.ts'
import { type Strip, tailStrip } from './dot-plan.ts'
import { cap, eachItem, forRange, least, locals, plus, times } from './emit.ts'
import type { Grouped } from './groups.ts'
import { clearImage, readyImage } from './image.ts'
import { tilesHelper } from './micro.ts'
import { pointBytes, points } from './winograd.ts'
import { inputTransform } from './winograd-transform.ts'
import type { TileWeightPlan } from './winograd-weight.ts'
import { cotangentTransform, kernelTransform } from './winograd-weight-transform.ts'

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
    const { f } = this.b
    const { groups, channelChunks, filterChunks, image } = this.plan
    this.places.workspace()
    f.set(this.work)
    clearImage(this.b, image, this.work)
    const items = groups * channelChunks * filterChunks
    eachItem(this.b, items, item => this.#item(item))
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
    least(f, channels, this.chunk, chunkChannels, this.channels)
    times(f.get(item).i32(filterChunks).op('i32.rem_u'), chunkFilters).set(this.first)
    times(f.get(group), filters).get(this.first).op('i32.add').set(this.filter)
    least(f, filters, this.first, chunkFilters, this.end)
    f.get(this.first).get(this.end).op('i32.add').set(this.end)
    f.release(group)
    f.i32(0).set(this.more)
    forRange(
      f,
      this.n,
      images,
      () => {
        least(f, images, this.n, blockImages, this.images)
        forRange(
          f,
          this.y,
          down,
          () => {
            least(f, down, this.y, blockRows, this.rows)
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
    const [i, n, at, firstRow] = locals(f, 4)
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
    const [at, whole] = locals(f, 2)
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
    const [i, n, filter, start, count, to] = locals(f, 6)
    const [high2, tiles, sums] = locals(f, 3)
    const point = pointBytes(blockRows * across * blockImages * 4 * vectors)
    f.get(at).get(this.first).op('i32.sub').get(this.filter).op('i32.add').set(filter)
    // Output rows of the block.
    times(f.get(this.y), 2).set(start)
    times(f.get(this.rows), 2).get(start).op('i32.add').set(high2)
    cap(f, high2, y.places).get(high2).get(start).op('i32.sub').set(high2)
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
    const [p, whole] = locals(f, 2)
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
    const [row, rows, count, out] = locals(f, 4)
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
