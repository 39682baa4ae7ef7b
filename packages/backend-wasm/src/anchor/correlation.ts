import { type Image, imageOf } from './image.ts'
import type { Lane } from './lane.ts'
import type { View } from './views.ts'

/** Rows and columns. */
interface Pair {
  readonly y: number
  readonly x: number
}

/** A grid of positions: each reads the image at `first + position · step + tap`. Distances in elements. */
export interface WindowGrid {
  readonly height: number
  readonly width: number
  readonly first: Pair
  readonly step: Pair
  readonly taps: readonly Pair[]
  /** Where in a row of the result the first position lies, and how far the others are from each other. */
  readonly to: number
  readonly toStep: Pair
  /** Where in the weights its own begin, and from row to row, a row's taps side by side, channel after channel. */
  readonly weights: number
  readonly weightsRow: number
}

/**
 * Sums over windows: for every image and group, each row r of weights gives out[r, p] = Σ w[r, c, t] · x[c, p, t] over
 * channels and taps, at the positions of one or several grids. A convolution has one grid; its input gradient has one
 * for each remainder of the stride.
 */
export interface Correlation {
  readonly lane: Lane
  readonly images: number
  readonly groups: number
  /** Channels that are read and rows that are made, of each group. */
  readonly channels: number
  readonly rows: number
  /** `[N, groups · channels, H, W]`. */
  readonly source: View
  readonly size: Pair
  readonly grids: readonly WindowGrid[]
  /** Elements of a row of the result. */
  readonly places: number
  /** From group to group of the weights, in elements. */
  readonly weightsGroup: number
  /** Channels in a block of the numerics. */
  readonly block: number
}

/** How a correlation is cut up: items are images × groups × bands of positions. Offsets in a part's workspace. */
export interface CorrelationPlan extends Correlation {
  readonly image: Image
  /** Positions of a band; with several grids there is one band of all. */
  readonly band: number
  readonly bands: number
  /** Channels at a time. */
  readonly piece: number
  /** The sums go straight into the result. */
  readonly bare: boolean
  readonly panelAt: number
  readonly sumsAt: number
  /** Positions of sums that pass through the workspace at a time. */
  readonly sumWidth: number
  /** Where the grids of an image come together before something else is computed. */
  readonly gatheredAt: number
  readonly partBytes: number
}

/** Panels of windows, and images in the workspace, stay below so many bytes where they can. */
const panelBytes = 262144
const imageBytes = 262144
const sumBytesAtMost = 16384

/** Chooses bands and pieces from the shapes. None of it changes a bit. */
export function planCorrelation(work: Correlation, bare: boolean, threads: number): CorrelationPlan {
  const { lane, grids, channels, rows, images, groups, places, block } = work
  const width = 4 * lane.count
  const column = Math.max(1, ...grids.map(g => g.taps.length)) * width * lane.bytes
  const piece = Math.min(channels, Math.max(1, Math.floor(panelBytes / column / block)) * block)
  const [grid] = grids as [WindowGrid]
  const positions = grid.height * grid.width
  const scattered = grids.some(isScattered)
  const whole = grids.length > 1 || scattered
  const wanted = threads === 1 ? 1 : Math.ceil((2 * threads) / (images * groups))
  let bands = whole ? 1 : Math.min(wanted, Math.ceil(positions / width))
  let band = 0
  let image: Image
  for (;;) {
    band = Math.ceil(positions / bands / width) * width
    bands = Math.ceil(positions / band)
    image = bandImage(
      work,
      bands === 1 ? grid.height : Math.min(grid.height, Math.ceil((band - 1) / grid.width) + 1),
    )
    if (whole || image.bytes <= imageBytes || band <= 4 * width) break
    bands *= 2
  }
  const align = (bytes: number): number => Math.ceil(bytes / 64) * 64
  const partialTail = grids.some(g => (g.height * g.width) % lane.count !== 0)
  const panelAt = align(image.bytes)
  const sumsAt = panelAt + align(Math.min(piece, channels) * column)
  // What is computed after goes over some panels at once; its rows should not be short.
  const most = Math.max(1, Math.floor(sumBytesAtMost / (rows * width * lane.bytes)))
  const panels = bare || scattered ? 1 : Math.min(Math.ceil(band / width), most)
  const sumBytes = bare && !partialTail && !scattered ? 0 : rows * width * panels * lane.bytes
  const gatheredAt = sumsAt + align(sumBytes)
  const gatheredBytes = !bare && scattered ? rows * places * lane.bytes : 0
  const partBytes = gatheredAt + align(gatheredBytes)
  return {
    ...work,
    image,
    band,
    bands,
    piece,
    bare,
    panelAt,
    sumsAt,
    gatheredAt,
    partBytes,
    sumWidth: panels * width,
  }
}

/** True if the positions of the grid do not lie side by side in the result. */
export function isScattered({ toStep, width }: WindowGrid): boolean {
  return toStep.x !== 1 || toStep.y !== width
}

/** The image as `rows` rows of the grid's positions (all of them, if there are several grids) read it. */
function bandImage({ source, lane, size, grids, channels }: Correlation, rows: number): Image {
  const reach = (axis: 'y' | 'x'): { first: number; count: number } => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const g of grids) {
      const length = axis === 'x' ? g.width : grids.length > 1 ? g.height : rows
      for (const tap of g.taps) {
        low = Math.min(low, g.first[axis] + tap[axis])
        high = Math.max(high, g.first[axis] + tap[axis] + (length - 1) * g.step[axis])
      }
    }
    return low <= high ? { first: low, count: high - low + 1 } : { first: 0, count: 1 }
  }
  const y = reach('y')
  const [grid] = grids as [WindowGrid]
  // What the other bands read decides whether the image has to be staged.
  const all = { first: y.first, count: y.count + (grids.length > 1 ? 0 : (grid.height - rows) * grid.step.y) }
  return imageOf(source, lane, size, y, all, reach('x'), channels)
}

/** What each position of a grid reads of a channel, in bytes from its own place on. */
export function tapBytes({ image, lane }: CorrelationPlan, { first, taps }: WindowGrid): number[] {
  return taps.map(
    t => (first.y + t.y - image.y.first) * image.row + (first.x + t.x - image.x.first) * lane.bytes,
  )
}
