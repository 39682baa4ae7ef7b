import { type AnchorNest, inPlacePairs, type Kernel } from '@stint/engine'
import { type ConvAttrs, dtypeBytes, type Type } from '@stint/graph'
import { costOf } from '../costs.ts'
import type { DesignContext, KernelDesign } from '../design.ts'
import { type ConvShape, convShape } from './conv-shape.ts'
import { emitWeightSums } from './conv-weight-phase.ts'
import { epilogueOf, pushPart } from './dot.ts'
import { type Image, imageOf } from './image.ts'
import { type Lane, laneOf } from './lane.ts'
import { type Matrix, matrixOf } from './matrix.ts'
import { asPlane, elementsOf, type View, viewOf } from './views.ts'

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
  /** Bytes from row to row of the sums. */
  readonly sumsRow: number
  readonly partBytes: number
}

/** Channels of an image in the workspace stay below so many bytes where they can. */
const imageBytes = 196608

/** `x [N, C, ...S]`, `ct [N, F, ...O]` → `[F, C/groups, ...K]`. */
export function designConvWeight(kernel: Kernel, nest: AnchorNest, { target }: DesignContext): KernelDesign {
  const [x, ct] = nest.sources.map(s => viewOf(kernel, s)) as [View, View]
  const [{ shape: w, dtype }] = nest.node.types as [Type]
  const shape = convShape(x.shape, w, ct.shape, nest.node.attrs as unknown as ConvAttrs)
  const plan = planWeights(shape, x, ct, laneOf(dtype), target.threads)
  const epilogue = epilogueOf(nest, [[0], w.slice(1).map((_, i) => i + 1)])
  return {
    operandAlign: kernel.operands.map(t => dtypeBytes(t.dtype)),
    variants: [
      {
        workspaceBytes: plan.partBytes * target.threads,
        cost: costOf(kernel, target.costs),
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

function planWeights(shape: ConvShape, x: View, ct: View, lane: Lane, threads: number): WeightPlan {
  const { y, x: across, channels, filters, groups, taps } = shape
  const width = 4 * lane.count
  const panels = Math.ceil(filters / width)
  const reach = (a: ConvShape['y']) => ({
    first: -a.before,
    count: (a.places - 1) * a.stride + (a.kernel - 1) * a.dilation + 1,
  })
  const image = (count: number): Image =>
    imageOf(x, lane, { y: y.size, x: across.size }, reach(y), reach(y), reach(across), count)
  const wanted = Math.ceil(threads / groups)
  const { staged, plane } = image(channels)
  const most = staged ? Math.max(1, Math.floor(imageBytes / plane)) : channels
  const chunkChannels = Math.min(Math.ceil(channels / wanted), most)
  const channelChunks = Math.ceil(channels / chunkChannels)
  const chunkPanels = Math.ceil(panels / Math.min(panels, Math.ceil(wanted / channelChunks)))
  const chunkFilters = Math.min(filters, chunkPanels * width)
  const blockRows = Math.min(y.places, Math.max(1, Math.floor(blockPositions / across.places)))
  const align = (bytes: number): number => Math.ceil(bytes / 64) * 64
  const chunk = image(Math.min(chunkChannels, channels))
  const sumsRow = Math.ceil(chunkFilters / lane.count) * 16
  const sumsAt = align(chunk.bytes) + blockRows * across.places * width * lane.bytes
  const wide = asPlane(ct)
  return {
    ...shape,
    lane,
    image: chunk,
    cotangent: evenly(matrixOf(wide, [0], [1], [2, 3]), wide),
    blockRows,
    chunkChannels,
    channelChunks,
    chunkFilters,
    filterChunks: Math.ceil(filters / chunkFilters),
    width,
    panelAt: align(chunk.bytes),
    sumsAt,
    sumsRow,
    partBytes: sumsAt + align(chunkChannels * taps * sumsRow),
  }
}

/** Positions that are not one stride apart from each other are read as if they were computed. */
function evenly(matrix: Matrix, view: View): Matrix {
  if (matrix.kind === 'computed' || matrix.deep.length === 1) return matrix
  const { dtype, shape } = view
  return matrixOf({ kind: 'computed', dtype, shape, elements: elementsOf(view), expr: 0 }, [0], [1], [2, 3])
}
