import type { FunctionBuilder, Local, ValType } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { emitBlock } from './block.ts'
import type { WeightPlan } from './conv-weight.ts'
import { readyCotangent } from './cotangent.ts'
import { type Strip, tailStrip } from './dot-plan.ts'
import { cap, eachItem, forRange, locals, plus, times } from './emit.ts'
import type { Grouped } from './groups.ts'
import { clearImage, readyImage } from './image.ts'
import type { Lane } from './lane.ts'
import { addProducts, clearSums, newSums, storeSums } from './micro.ts'

export interface WeightPlaces {
  /** Pushes the address of this part's workspace. */
  readonly workspace: () => void
  /** What is computed after, over filters, and channels and taps together; the results' place among the arguments. */
  readonly epilogue: Grouped
  readonly firstResult: number
}

/** Emits one phase: this part's share of the items of a weight gradient. */
export function emitWeightSums(b: PhaseBuilder, plan: WeightPlan, places: WeightPlaces): void {
  new WeightEmitter(b, plan, places).emit()
}

class WeightEmitter {
  readonly b: PhaseBuilder
  readonly plan: WeightPlan
  readonly places: WeightPlaces
  readonly work: Local
  readonly n: Local
  /** First channel of the chunk in its group and among all, and how many. */
  readonly chunk: Local
  readonly channel: Local
  readonly channels: Local
  /** First filter of the chunk in its group and among all, and the end in its group. */
  readonly first: Local
  readonly filter: Local
  readonly end: Local
  readonly image: Local
  readonly panel: Local
  readonly sums: Local
  /** First row of the block, and how many. */
  readonly y: Local
  readonly rows: Local
  /** Whether there are sums already. */
  readonly more: Local

  constructor(b: PhaseBuilder, plan: WeightPlan, places: WeightPlaces) {
    this.b = b
    this.plan = plan
    this.places = places
    const local = (): Local => b.f.local('i32')
    this.work = local()
    this.n = local()
    this.chunk = local()
    this.channel = local()
    this.channels = local()
    this.first = local()
    this.filter = local()
    this.end = local()
    this.image = local()
    this.panel = local()
    this.sums = local()
    this.y = local()
    this.rows = local()
    this.more = local()
  }

  emit(): void {
    const { f } = this.b
    const { groups, channelChunks, filterChunks, image, panelAt, sumsAt } = this.plan
    this.places.workspace()
    f.set(this.work)
    plus(f.get(this.work), panelAt).set(this.panel)
    plus(f.get(this.work), sumsAt).set(this.sums)
    clearImage(this.b, image, this.work)
    this.#listTaps()
    const items = groups * channelChunks * filterChunks
    eachItem(this.b, items, item => this.#item(item))
  }

  #item(item: Local): void {
    const { f } = this.b
    const { channels, filters, channelChunks, filterChunks, chunkChannels, chunkFilters, images, taps, y } =
      this.plan
    const group = f.local('i32')
    f.get(item)
      .i32(channelChunks * filterChunks)
      .op('i32.div_u')
      .set(group)
    times(f.get(item).i32(filterChunks).op('i32.div_u').i32(channelChunks).op('i32.rem_u'), chunkChannels)
    f.set(this.chunk)
    times(f.get(group), channels).get(this.chunk).op('i32.add').set(this.channel)
    f.i32(channels).get(this.chunk).op('i32.sub').set(this.channels)
    cap(f, this.channels, chunkChannels)
    times(f.get(item).i32(filterChunks).op('i32.rem_u'), chunkFilters).set(this.first)
    times(f.get(group), filters).get(this.first).op('i32.add').set(this.filter)
    plus(f.get(this.first), chunkFilters).set(this.end)
    cap(f, this.end, filters)
    f.release(group)
    f.i32(0).set(this.more)
    forRange(f, this.n, images, () => {
      readyImage(
        this.b,
        this.plan.image,
        { image: this.n, channel: this.channel, channels: this.channels },
        this.work,
        this.image,
      )
      forRange(
        f,
        this.y,
        y.places,
        () => {
          f.i32(y.places).get(this.y).op('i32.sub').set(this.rows)
          cap(f, this.rows, this.plan.blockRows)
          this.#panels()
          f.i32(1).set(this.more)
        },
        { step: this.plan.blockRows },
      )
    })
    const [row, rows, count] = locals(f, 3)
    times(f.get(this.chunk), taps).set(row)
    times(f.get(this.channels), taps).set(rows)
    f.get(this.end).get(this.first).op('i32.sub').set(count)
    emitBlock(this.b, {
      grouped: this.places.epilogue,
      spans: [
        { start: this.filter, count, unit: 1 },
        { start: row, count: rows, unit: taps },
      ],
      anchor: { at: this.sums, strides: [this.plan.lane.bytes, this.plan.sumsRow] },
      firstResult: this.places.firstResult,
    })
    f.release(row, rows, count)
  }

  /** All panels of the item's filters, for one block. */
  #panels(): void {
    const { f } = this.b
    const { filters, width, lane } = this.plan
    const rest = filters % width
    const [at, whole] = locals(f, 2)
    if (filters >= width) {
      f.get(this.end).i32(-width).op('i32.and').set(whole)
      forRange(f, at, whole, () => this.#panel(at, { vectors: 4, rows: 2 }, width), {
        from: this.first,
        step: width,
      })
    }
    if (rest > 0)
      f.get(this.end)
        .i32(filters)
        .op('i32.eq')
        .if(() => {
          f.i32(filters - rest).set(at)
          this.#panel(at, tailStrip(Math.ceil(rest / lane.count)), rest)
        })
    f.release(at, whole)
  }

  /** Filters `at` to before `at + width` of the group. */
  #panel(at: Local, strip: Strip, width: number): void {
    const { f } = this.b
    const { taps } = this.plan
    const [filter, place, total] = locals(f, 3)
    f.get(at).get(this.first).op('i32.sub').get(this.filter).op('i32.add').set(filter)
    this.#readyPanel(filter, strip, width)
    times(f.get(at).get(this.first).op('i32.sub'), this.plan.lane.bytes)
    f.get(this.sums).op('i32.add').set(place)
    times(f.get(this.channels), taps).set(total)
    this.#tiles(strip, place, total)
    f.release(filter, place, total)
  }

  /** Turns the cotangent's rows of positions into columns, side by side. */
  #readyPanel(filter: Local, { vectors }: Strip, width: number): void {
    const { f } = this.b
    const { x, blockRows, y } = this.plan
    const [start, count] = locals(f, 2)
    times(f.get(this.y), x.places).set(start)
    times(f.get(this.rows), x.places).set(count)
    const positions = { start, count, unit: Math.min(blockRows, y.places) * x.places }
    readyCotangent(this.b, this.plan, { image: this.n, filter, width, vectors, positions, to: this.panel })
    f.release(start, count)
  }

  /** Every (channel, tap) of the chunk with the panel, over the block's positions. */
  #tiles({ vectors, rows: high }: Strip, place: Local, total: Local): void {
    const { f } = this.b
    const { sumsRow, tapsAt, image, y } = this.plan
    const [whole, base] = locals(f, 2)
    f.get(this.image)
    times(f.get(this.y), y.stride * image.row)
      .op('i32.add')
      .set(base)
    const log = Math.log2(high)
    f.get(total).i32(-high).op('i32.and').set(whole)
    const tiles = (rows: number, first: () => void, many: () => void): void => {
      f.get(this.panel)
      first()
      times(f, sumsRow).get(place).op('i32.add').get(this.rows).get(this.more).get(base)
      first()
      plus(times(f, 4).get(this.work).op('i32.add'), tapsAt)
      many()
      f.call(weightTiles(this.b, this.plan, rows, vectors))
    }
    f.get(whole).if(() =>
      tiles(
        high,
        () => f.i32(0),
        () => f.get(whole).i32(log).op('i32.shr_u'),
      ),
    )
    f.get(total)
      .get(whole)
      .op('i32.ne')
      .if(() =>
        tiles(
          1,
          () => f.get(whole),
          () => f.get(total).get(whole).op('i32.sub'),
        ),
      )
    f.release(whole, base)
  }

  /** Lists where each (channel, tap) of a chunk reads the image at the first position, in bytes from its start. */
  #listTaps(): void {
    const { f } = this.b
    const { image, taps, x, y, lane, chunkChannels, tapsAt } = this.plan
    const [c, t, at] = locals(f, 3)
    plus(f.get(this.work), tapsAt).set(at)
    forRange(f, c, chunkChannels, () => {
      forRange(f, t, taps, () => {
        f.get(at)
        times(f.get(c), image.plane)
        times(f.get(t).i32(x.kernel).op('i32.div_u'), y.dilation * image.row).op('i32.add')
        times(f.get(t).i32(x.kernel).op('i32.rem_u'), x.dilation * lane.bytes).op('i32.add')
        f.mem('i32.store').increment(at, 4)
      })
    })
    f.release(c, t, at)
  }
}

/**
 * Helper (b, c, rows, more, base, table, tiles) → (): register tiles one below the other, each row of the left operand
 * at `base` + the next entry of the table; all walk `rows` rows of output positions.
 */
function weightTiles(b: PhaseBuilder, plan: WeightPlan, rows: number, vectors: number): number {
  const { lane, image, x, y, sumsRow } = plan
  const [step, gap] = [x.stride * lane.bytes, y.stride * image.row - x.places * x.stride * lane.bytes]
  const shape = { lane, step, gap, run: x.places, rows, vectors, cRow: sumsRow }
  const key = `weight tiles ${Object.values({ ...shape, lane: lane.dtype }).join(' ')} ${b.relaxed}`
  const params: ValType[] = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32']
  return b.helper(key, params, [], f => weightTilesBody(f, shape, b.relaxed))
}

interface WeightTile {
  readonly lane: Lane
  /** Of the pointers: from position to position, and what is added at the end of a row of `run` positions. */
  readonly step: number
  readonly gap: number
  readonly run: number
  readonly rows: number
  readonly vectors: number
  readonly cRow: number
}

function weightTilesBody(f: FunctionBuilder, tile: WeightTile, relaxed: boolean): void {
  const { lane, step, gap, run, rows, vectors, cRow } = tile
  const [b, c, count, more, base, table, tiles] = f.params as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ]
  const pointers = Array.from({ length: rows }, () => f.local('i32'))
  const [right, left, rest] = locals(f, 3)
  const shape = { lane, aRows: pointers.map(() => 0), vectors, cRow }
  const sums = newSums(f, shape)
  const walk = (): void => {
    f.loop(next => {
      addProducts(f, shape, sums, pointers, right, relaxed)
      for (const a of pointers) f.increment(a, step)
      f.increment(right, 16 * vectors)
      f.get(left).i32(1).op('i32.sub').tee(left).brIf(next)
    })
  }
  f.loop(nextTile => {
    clearSums(f, sums)
    for (const [i, a] of pointers.entries())
      f.get(table)
        .mem('i32.load', 4 * i)
        .get(base)
        .op('i32.add')
        .set(a)
    f.get(b).set(right)
    if (gap === 0) {
      times(f.get(count), run).set(left)
      walk()
    } else {
      f.get(count).set(rest)
      f.loop(next => {
        f.i32(run).set(left)
        walk()
        for (const a of pointers) f.increment(a, gap)
        f.get(rest).i32(1).op('i32.sub').tee(rest).brIf(next)
      })
    }
    storeSums(f, shape, sums, c, more)
    f.increment(table, 4 * rows).increment(c, rows * cRow)
    f.get(tiles).i32(1).op('i32.sub').tee(tiles).brIf(nextTile)
  })
}
