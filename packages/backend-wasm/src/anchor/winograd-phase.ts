import type { Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { partOf } from '../nest/loops.ts'
import { emitBlock } from './block.ts'
import { tailStrip } from './dot-plan.ts'
import { forRange, least, locals, plus, times } from './emit.ts'
import type { Grouped } from './groups.ts'
import { clearImage, readyImage } from './image.ts'
import { tilesHelper } from './micro.ts'
import { pointBytes, points, type WinogradPlan } from './winograd.ts'
import { inputTransform, outputTransform, weightTransform } from './winograd-transform.ts'

/** Where the pieces of a convolution by tiles are. */
export interface WinogradPlaces {
  /** Pushes the address of the transformed weights. */
  readonly weights: () => void
  /** Pushes the address of the dense result, if the outputs go straight into it. */
  readonly result?: () => void
  /** Pushes the address of this part's workspace. */
  readonly workspace: () => void
  /** What is computed after, over images, channels and positions; the results' place among the arguments. */
  readonly epilogue: Grouped
  readonly firstResult: number
}

/** Weights of a row r and channel c at tap (dy, dx), in bytes: base + group, row, channel and tap times their strides. */
export interface WeightPlaces {
  /** Pushes the address of the first of them. */
  readonly base: () => void
  readonly group: number
  readonly row: number
  readonly channel: number
  readonly dy: number
  readonly dx: number
}

/** Emits a phase that transforms the weights: point by point, the rows of all groups, channel by channel. */
export function emitTransformedWeights(
  b: PhaseBuilder,
  { groups, rows, channels }: Pick<WinogradPlan, 'groups' | 'rows' | 'channels'>,
  places: WeightPlaces,
  to: () => void,
): void {
  const { f } = b
  const [from, end] = partOf(f, b, groups * rows)
  const row = f.local('i32')
  const { dy, dx, channel } = places
  const helper = weightTransform(b, { dy, dx, channel, point: pointBytes(groups * rows * channels) })
  forRange(
    f,
    row,
    end,
    () => {
      to()
      times(f.get(row), channels * 4).op('i32.add')
      places.base()
      if (groups > 1) times(f.get(row).i32(rows).op('i32.div_u'), places.group).op('i32.add')
      times(f.get(row).i32(rows).op('i32.rem_u'), places.row).op('i32.add')
      f.i32(channels).call(helper)
    },
    { from },
  )
  f.release(from, end, row)
}

/** Emits the main phase: this part's share of the items. */
export function emitWinograd(b: PhaseBuilder, plan: WinogradPlan, places: WinogradPlaces): void {
  const { f, part, parts } = b
  const { images, groups, bands, chunks, bandRows, chunkRows, rows, channels, image, height, width, down } =
    plan
  const [work, item, end, n, group, band, row, count, high, at] = locals(f, 10)
  const [channel, firstRow, tiles, sums, out, weights, tileRows] = locals(f, 7)
  places.workspace()
  f.set(work)
  plus(f.get(work), plan.tilesAt).set(tiles)
  plus(f.get(work), plan.sumsAt).set(sums)
  if (bands === 1) clearImage(b, image, work)
  const items = images * groups * bands * chunks
  f.get(part).i32(items).op('i32.mul').get(parts).op('i32.div_u').set(item)
  f.get(part).i32(1).op('i32.add').i32(items).op('i32.mul').get(parts).op('i32.div_u').set(end)
  forRange(
    f,
    item,
    end,
    () => {
      f.get(item)
        .i32(groups * bands * chunks)
        .op('i32.div_u')
        .set(n)
      f.get(item)
        .i32(bands * chunks)
        .op('i32.div_u')
        .i32(groups)
        .op('i32.rem_u')
        .set(group)
      f.get(item).i32(chunks).op('i32.div_u').i32(bands).op('i32.rem_u').set(band)
      times(f.get(item).i32(chunks).op('i32.rem_u'), chunkRows).set(row)
      least(f, rows, row, chunkRows, count)
      times(f.get(band), bandRows).set(at)
      least(f, down, at, bandRows, tileRows)
      times(f.get(group), channels).set(channel)
      // The image's rows that the band reads, and its tiles.
      if (bands === 1) readyImage(b, image, { image: n, channel, channels }, work, at)
      else {
        plus(times(f.get(at), 2), image.y.first).set(firstRow)
        clearImage(b, image, work)
        readyImage(b, image, { image: n, channel, channels, firstRow }, work, at)
      }
      const { across, pitch } = plan
      f.get(tiles).get(at).i32(channels).get(tileRows)
      f.call(
        inputTransform(b, {
          across,
          plane: image.plane,
          row: image.row,
          pitch: 4 * pitch,
          point: pointBytes(pitch * channels),
        }),
      )
      places.weights()
      times(f.get(group), rows * channels * 4).op('i32.add')
      times(f.get(row), channels * 4)
        .op('i32.add')
        .set(weights)
      f.get(weights).get(tiles).get(sums)
      times(f.get(tileRows), across).get(count).call(productHelper(b, plan))
      // From here on rows count among those of all groups.
      times(f.get(group), rows).get(row).op('i32.add').set(row)
      const first = 2 * bandRows
      times(f.get(band), first).set(at)
      least(f, height, at, first, high)
      if (places.result === undefined) plus(f.get(work), plan.outAt).set(out)
      else {
        places.result()
        times(
          times(f.get(n), groups * rows)
            .get(row)
            .op('i32.add'),
          height * width * 4,
        ).op('i32.add')
        times(f.get(at), width * 4)
          .op('i32.add')
          .set(out)
      }
      const outRows = places.result === undefined ? first : height
      f.get(out).get(sums).get(count).get(high)
      plus(f.get(work), plan.partBytes - 64)
      f.call(
        outputTransform(b, {
          across,
          width,
          plane: outRows * width * 4,
          pitch: 4 * pitch,
          point: pointBytes(pitch * chunkRows),
        }),
      )
      if (places.result !== undefined) return
      times(f.get(at), width).set(at)
      times(f.get(high), width).set(high)
      emitBlock(b, {
        grouped: places.epilogue,
        spans: [
          { start: n, count: 1, unit: 1 },
          { start: row, count, unit: chunks === 1 ? rows : 1 },
          { start: at, count: high, unit: bands === 1 ? height * width : first * width },
        ],
        anchor: { at: out, strides: [0, outRows * width * 4, 4] },
        firstResult: places.firstResult,
      })
    },
    { from: item },
  )
  f.release(work, item, end, n, group, band, row, count, high, at)
  f.release(channel, firstRow, tiles, sums, out, weights, tileRows)
}

/** Helper (weights, tiles, sums, count, rows): for each point, `rows` rows of weights times `count` tiles. */
function productHelper(b: PhaseBuilder, plan: WinogradPlan): number {
  const { groups, rows, channels, chunkRows, pitch, lane, across, bandRows, down } = plan
  const most = across * Math.min(bandRows, down)
  const key = `winograd products ${groups * rows} ${channels} ${chunkRows} ${rows % 2} ${pitch} ${most} ${b.relaxed}`
  const bytes = 4 * pitch
  const strip = (vectors: number, high: number): number => {
    const aRows = Array.from({ length: high }, (_, i) => i * channels * 4)
    const shape = { lane, aRows, aStep: 4, aNext: high * channels * 4, vectors, bStep: bytes, cRow: bytes }
    return tilesHelper(b, shape, channels)
  }
  const strips = [1, 2, 3, 4].map(vectors => {
    const high = tailStrip(vectors).rows
    return {
      high,
      many: strip(vectors, high),
      single: rows % high === 0 && chunkRows % high === 0 ? null : strip(vectors, 1),
    }
  })
  return b.helper(key, ['i32', 'i32', 'i32', 'i32', 'i32'], [], f => {
    const [weights, tiles, sums, count, high] = f.params as [Local, Local, Local, Local, Local]
    const [point, at, whole] = locals(f, 3)
    const panel = (vectors: number): void => {
      const { high: tall, many, single } = strips[vectors - 1]!
      f.get(high).i32(-tall).op('i32.and').set(whole)
      f.get(whole).if(() => {
        f.get(weights)
        times(f.get(at), 4).get(tiles).op('i32.add')
        times(f.get(at), 4).get(sums).op('i32.add')
        f.i32(channels).get(whole).i32(Math.log2(tall)).op('i32.shr_u').i32(0).call(many)
      })
      if (single === null) return
      f.get(high)
        .get(whole)
        .op('i32.ne')
        .if(() => {
          times(f.get(whole), channels * 4)
            .get(weights)
            .op('i32.add')
          times(f.get(at), 4).get(tiles).op('i32.add')
          times(f.get(whole), bytes).get(sums).op('i32.add')
          times(f.get(at), 4).op('i32.add')
          f.i32(channels).get(high).get(whole).op('i32.sub').i32(0).call(single)
        })
    }
    forRange(f, point, points, () => {
      const end = f.local('i32')
      f.get(count).i32(-16).op('i32.and').set(end)
      forRange(f, at, end, () => panel(4), { step: 16 })
      f.get(count).get(end).op('i32.sub').i32(3).op('i32.add').i32(2).op('i32.shr_u').set(end)
      f.block(done => {
        f.block(four => {
          f.block(three => {
            f.block(two => {
              f.block(one => {
                f.get(end).brTable([done, one, two, three], four)
              })
              panel(1)
              f.br(done)
            })
            panel(2)
            f.br(done)
          })
          panel(3)
          f.br(done)
        })
        panel(4)
      })
      f.release(end)
      f.increment(weights, pointBytes(groups * rows * channels))
      f.increment(tiles, pointBytes(pitch * channels)).increment(sums, pointBytes(pitch * chunkRows))
    })
  })
}
