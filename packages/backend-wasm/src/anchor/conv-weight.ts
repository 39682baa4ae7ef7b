import { type AnchorNest, inPlacePairs, type Kernel } from '@stint/engine'
import { type ConvAttrs, dtypeBytes, type Type } from '@stint/graph'
import type { DesignContext, KernelDesign } from '../design.ts'
import { workOf } from './block.ts'
import { type ConvShape, convShape } from './conv-shape.ts'
import { emitWeightSums } from './conv-weight-phase.ts'
import { anchorCost, contractionRate, tiledColumns, tiledRows } from './cost.ts'
import { cotangentOf } from './cotangent.ts'
import { epilogueOf, pushPart } from './dot.ts'
import { spread } from './dot-plan.ts'
import { type Image, imageOf } from './image.ts'
import { type Lane, laneOf } from './lane.ts'
import type { Matrix } from './matrix.ts'
import { type View, viewOf } from './views.ts'
import { usesWinograd } from './winograd.ts'
import { designTileWeights } from './winograd-weight.ts'

/** Positions of an image whose products are summed up before their sum joins the result: at most so many, in whole rows. */
const blockPositions = 1024

/**
 * How the gradient of a convolution's weights is computed: for each image and block of rows of the output, the products
 * of every (channel, tap) with every filter, summed over positions. Items are groups × chunks of channels × chunks of
 * filters. Offsets in a part's workspace.
 */
export interface WeightPlan extends ConvShape {
  readonly lane: Lane
  readonly image: Image
  /** The cotangent: batch images, free filters, deep positions. */
  readonly cotangent: Matrix
  /** Rows of the output in a block of the numerics. */
  readonly blockRows: number
  readonly chunkChannels: number
  readonly channelChunks: number
  readonly chunkFilters: number
  readonly filterChunks: number
  /** Filters in a panel. */
  readonly width: number
  readonly panelAt: number
  readonly sumsAt: number
  /** A list of where each (channel, tap) reads the image. */
  readonly tapsAt: number
  /** Bytes from row to row of the sums. */
  readonly sumsRow: number
  readonly partBytes: number
}

/** Channels of an image in the workspace stay below so many bytes where they can. */
const imageBytes = 196608

/** `x [N, C, ...S]`, `ct [N, F, ...O]` → `[F, C/groups, ...K]`. */
export function designConvWeight(kernel: Kernel, nest: AnchorNest, context: DesignContext): KernelDesign {
  const [x, ct] = nest.sources.map(s => viewOf(kernel, s)) as [View, View]
  const [{ shape: w, dtype }] = nest.node.types as [Type]
  const shape = convShape(x.shape, w, ct.shape, nest.node.attrs as unknown as ConvAttrs)
  const lane = laneOf(dtype)
  if (usesWinograd(shape, lane, shape.y.places, shape.x.places))
    return designTileWeights(kernel, nest, context, shape, lane, x, ct)
  const { target } = context
  const plan = planWeights(shape, x, cotangentOf(ct), lane, target.threads)
  const epilogue = epilogueOf(nest, [[0], w.slice(1).map((_, i) => i + 1)])
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
            emitWeightSums(b, plan, {
              workspace: () => pushPart(b, plan.partBytes),
              epilogue,
              firstResult: kernel.operands.length,
            }),
        ],
      },
    ],
  }
}

/** ns of the products, of turning the cotangent, and of copying images. */
function coreTime(plan: WeightPlan, rate: number): number {
  const { images, groups, channels, filters, taps, x, y, width, image, channelChunks, filterChunks } = plan
  const positions = y.places * x.places
  let ns = (2 * tiledRows(channels * taps) * tiledColumns(filters, width) * positions) / rate
  ns += 0.25 * filters * positions * channelChunks
  if (image.staged) ns += 0.15 * channels * y.size * x.size * filterChunks
  return images * groups * ns
}

function planWeights(shape: ConvShape, x: View, cotangent: Matrix, lane: Lane, threads: number): WeightPlan {
  const { y, x: across, channels, filters, taps } = shape
  const width = 4 * lane.count
  const panels = Math.ceil(filters / width)
  const reach = (a: ConvShape['y']) => ({
    first: -a.before,
    count: (a.places - 1) * a.stride + (a.kernel - 1) * a.dilation + 1,
  })
  const image = (count: number): Image =>
    imageOf(x, lane, { y: y.size, x: across.size }, reach(y), reach(y), reach(across), count)
  const { staged, plane } = image(channels)
  const most = staged ? Math.max(1, Math.floor(imageBytes / plane)) : channels
  const work = {
    source: (x.kind === 'computed' ? workOf(x.elements.exprs) : 0) + (staged ? 0.5 : 0),
    cotangent: cotangent.kind === 'computed' ? cotangent.work + 1 : 0.5,
  }
  const [chunkChannels, chunkPanels] = cutWeights(shape, panels, width, most, threads, work)
  const channelChunks = Math.ceil(channels / chunkChannels)
  const chunkFilters = Math.min(filters, chunkPanels * width)
  const blockRows = Math.min(y.places, Math.max(1, Math.floor(blockPositions / across.places)))
  const align = (bytes: number): number => Math.ceil(bytes / 64) * 64
  const chunk = image(Math.min(chunkChannels, channels))
  const sumsRow = Math.ceil(chunkFilters / lane.count) * 16
  const sumsAt = align(chunk.bytes) + blockRows * across.places * width * lane.bytes
  return {
    ...shape,
    lane,
    image: chunk,
    cotangent,
    blockRows,
    chunkChannels,
    channelChunks,
    chunkFilters,
    filterChunks: Math.ceil(filters / chunkFilters),
    width,
    panelAt: align(chunk.bytes),
    sumsAt,
    sumsRow,
    tapsAt: sumsAt + align(chunkChannels * taps * sumsRow),
    partBytes: sumsAt + align(chunkChannels * taps * sumsRow) + align(4 * chunkChannels * taps),
  }
}

/** The cheapest chunks of channels (at most `most`) and of panels: by cycles a position, and how they spread over threads. */
function cutWeights(
  { channels, filters, groups, taps }: ConvShape,
  panels: number,
  width: number,
  most: number,
  threads: number,
  work: { readonly source: number; readonly cotangent: number },
): [channels: number, panels: number] {
  let best: [number, number] = [1, panels]
  let least = Number.POSITIVE_INFINITY
  for (let byFilter = 1; byFilter <= Math.min(panels, 4 * threads); byFilter++)
    for (let byChannel = 1; byChannel <= channels; byChannel++) {
      const [chunk, chunkPanels] = [Math.ceil(channels / byChannel), Math.ceil(panels / byFilter)]
      if (chunk > most) continue
      const [channelChunks, filterChunks] = [Math.ceil(channels / chunk), Math.ceil(panels / chunkPanels)]
      const tiles = channelChunks * Math.ceil((chunk * taps) / 2) * panels * (width / 3.2)
      const cost = tiles + work.cotangent * filters * channelChunks + work.source * channels * filterChunks
      const total = cost * spread(groups * channelChunks * filterChunks, threads)
      if (total < least) [best, least] = [[chunk, chunkPanels], total]
      if (channelChunks * filterChunks * groups >= 4 * threads) break
    }
  return best
}
