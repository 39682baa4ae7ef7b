import { type AnchorNest, inPlacePairs, type Kernel } from '@stint/engine'
import { dtypeBytes } from '@stint/graph'
import type { DesignContext, KernelDesign } from '../design.ts'
import type { ConvShape } from './conv-shape.ts'
import { anchorCost, contractionRate, tiledColumns, tiledRows } from './cost.ts'
import { cotangentOf } from './cotangent.ts'
import { epilogueOf, pushPart } from './dot.ts'
import { spread } from './dot-plan.ts'
import { type Image, imageOf } from './image.ts'
import type { Lane } from './lane.ts'
import type { Matrix } from './matrix.ts'
import type { View } from './views.ts'
import { pitchOf, pointBytes, points } from './winograd.ts'
import { emitTileWeights } from './winograd-weight-phase.ts'

/** Tiles whose products are summed up before their sum joins the result: at most so many, in whole rows of tiles. */
const blockTiles = 64

/**
 * The gradient of 3×3 weights by tiles: Gᵀ [Σ (A g Aᵀ) ⊙ (Bᵀ d B)] G over all tiles of all images, in blocks of rows of
 * tiles or of images. Items are groups × chunks of channels × chunks of filters. Offsets in a part's workspace.
 */
export interface TileWeightPlan extends ConvShape {
  readonly lane: Lane
  readonly image: Image
  /** The cotangent: batch images, free filters, deep positions. */
  readonly cotangent: Matrix
  readonly across: number
  readonly down: number
  /** Rows of tiles in a block, of so many images. */
  readonly blockRows: number
  readonly blockImages: number
  readonly chunkChannels: number
  readonly channelChunks: number
  readonly chunkFilters: number
  readonly filterChunks: number
  /** Elements from channel to channel of transformed tiles. */
  readonly pitch: number
  /** Transformed tiles of the image; a panel of the cotangent, and transformed; sums; results before the epilogue. */
  readonly tilesAt: number
  readonly positionsAt: number
  readonly panelAt: number
  readonly sumsAt: number
  readonly outAt: number
  /** Elements from row to row of sums, and of results. */
  readonly sumsRow: number
  readonly partBytes: number
}

/** Transformed tiles of the image stay below so many bytes where they can. */
const tileBytes = 196608

/** Plans the weight gradient of a convolution of 3×3 kernels over many channels. */
export function designTileWeights(
  kernel: Kernel,
  nest: AnchorNest,
  { target }: DesignContext,
  shape: ConvShape,
  lane: Lane,
  x: View,
  ct: View,
): KernelDesign {
  const cotangent = cotangentOf(ct)
  const plan = planTileWeights(shape, lane, x, cotangent, target.threads)
  const epilogue = epilogueOf(nest, [[0], [1, 2, 3]])
  return {
    operandAlign: kernel.operands.map(t => dtypeBytes(t.dtype)),
    variants: [
      {
        workspaceBytes: plan.partBytes * target.threads,
        cost: anchorCost(kernel, nest, target.costs, coreTime(plan, contractionRate(target.costs)), [
          { view: x, times: plan.filterChunks },
          { view: ct, times: plan.channelChunks },
        ]),
        inPlace: inPlacePairs(kernel, nest),
        phases: [
          b =>
            emitTileWeights(b, plan, {
              workspace: () => pushPart(b, plan.partBytes),
              epilogue,
              firstResult: kernel.operands.length,
            }),
        ],
      },
    ],
  }
}

/** ns of the products and of the transforms. */
function coreTime(plan: TileWeightPlan, rate: number): number {
  const { images, groups, channels, filters, across, down, channelChunks, filterChunks } = plan
  const tiles = images * across * down
  const products = (2 * points * tiles * tiledRows(channels) * tiledColumns(filters, 16)) / rate
  const transforms = tiles * (3 * channels * filterChunks + 2 * filters * channelChunks)
  return groups * (products + transforms + 10 * channels * filters)
}

function planTileWeights(
  shape: ConvShape,
  lane: Lane,
  x: View,
  cotangent: Matrix,
  threads: number,
): TileWeightPlan {
  const { channels, filters, images } = shape
  const [across, down] = [Math.ceil(shape.x.places / 2), Math.ceil(shape.y.places / 2)]
  const blockRows = Math.min(down, Math.max(1, Math.floor(blockTiles / across)))
  const blockImages = Math.min(images, Math.max(1, Math.floor(blockTiles / (across * down))))
  const pitch = pitchOf(across * blockImages, blockRows)
  const panels = Math.ceil(filters / 16)
  const most = Math.max(2, Math.floor(tileBytes / (points * pitch * 4) / 2) * 2)
  const [chunkChannels, chunkPanels] = cutTileWeights(shape, panels, most, cotangent, threads)
  const chunkFilters = Math.min(filters, chunkPanels * 16)
  const rows = { first: -shape.y.before, count: 2 * blockRows + 2 }
  const allRows = { first: -shape.y.before, count: 2 * down + 2 }
  const columns = { first: -shape.x.before, count: 2 * across + 2 }
  const size = { y: shape.y.size, x: shape.x.size }
  const image = imageOf(x, lane, size, rows, allRows, columns, chunkChannels)
  let at = 0
  const take = (elements: number): number => {
    at += Math.ceil((elements * 4) / 64) * 64
    return at - Math.ceil((elements * 4) / 64) * 64
  }
  take(image.bytes / 4)
  const sumsRow = Math.ceil(chunkFilters / 4) * 4
  const outs = chunkChannels * 9 * sumsRow
  // Results take the place of the tiles, which are not needed by then.
  const tilesAt = take(Math.max((points * pointBytes(chunkChannels * pitch)) / 4, outs))
  const positionsAt = take(2 * blockRows * shape.x.places * 16)
  const panelAt = take((points * pointBytes(blockRows * across * blockImages * 16)) / 4)
  const sumsAt = take((points * pointBytes(chunkChannels * sumsRow)) / 4)
  return {
    ...shape,
    lane,
    image,
    cotangent,
    across,
    down,
    blockRows,
    blockImages,
    chunkChannels,
    channelChunks: Math.ceil(channels / chunkChannels),
    chunkFilters,
    filterChunks: Math.ceil(filters / chunkFilters),
    pitch,
    tilesAt,
    positionsAt,
    panelAt,
    sumsAt,
    outAt: tilesAt,
    sumsRow,
    partBytes: at,
  }
}

/** The cheapest chunks of channels (at most `most`) and of panels: by cycles a tile, and how they spread over threads. */
function cutTileWeights(
  { channels, filters, groups }: ConvShape,
  panels: number,
  most: number,
  cotangent: Matrix,
  threads: number,
): [channels: number, panels: number] {
  const panelWork = 5 + (cotangent.kind === 'computed' ? 4 * cotangent.work : 0)
  let best: [number, number] = [Math.min(channels, most), panels]
  let least = Number.POSITIVE_INFINITY
  for (let byFilter = 1; byFilter <= Math.min(panels, 4 * threads); byFilter++)
    for (let byChannel = 1; byChannel <= channels / 2; byChannel++) {
      const chunk = Math.ceil(channels / byChannel / 2) * 2
      if (chunk > most) continue
      const chunkPanels = Math.ceil(panels / byFilter)
      const [channelChunks, filterChunks] = [Math.ceil(channels / chunk), Math.ceil(panels / chunkPanels)]
      const products = points * channelChunks * (chunk / 2) * panels * 5
      const cost = products + panelWork * filters * channelChunks + 8 * channels * filterChunks
      const items = groups * channelChunks * filterChunks
      const total = cost * spread(items, threads)
      if (total < least) [best, least] = [[Math.min(channels, chunk), chunkPanels], total]
      if (items >= 4 * threads) break
    }
  return best
}
