import type { ConvShape } from './conv-shape.ts'
import { type Image, imageOf } from './image.ts'
import type { Lane } from './lane.ts'
import type { View } from './views.ts'

/**
 * Convolution of 3×3 kernels by Winograd's F(2×2, 3×3) (Lavin and Gray, Fast Algorithms for Convolutional Neural
 * Networks, 2016, section 4.1): tiles of 2×2 outputs are Aᵀ [Σ_c (G w Gᵀ) ⊙ (Bᵀ d B)] A, 16 products for what takes 36
 * directly. The transforms need only sums, and halves of weights, so little accuracy is lost.
 */
export interface Winograd {
  readonly lane: Lane
  readonly images: number
  readonly groups: number
  /** Channels that are read and rows that are made, of each group. */
  readonly channels: number
  readonly rows: number
  /** `[N, groups · channels, H, W]`. */
  readonly source: View
  readonly size: { readonly y: number; readonly x: number }
  /** Output sizes. */
  readonly height: number
  readonly width: number
  /** Where in the image output 0 begins to read. */
  readonly first: { readonly y: number; readonly x: number }
}

/** How the work is cut up: items are images × groups × bands of rows of tiles × chunks of rows. */
export interface WinogradPlan extends Winograd {
  readonly image: Image
  /** Tiles in a row and rows of tiles; of these, rows of a band. */
  readonly across: number
  readonly down: number
  readonly bandRows: number
  readonly bands: number
  readonly chunkRows: number
  readonly chunks: number
  /** Elements from row to row of transformed tiles: of one point of the transform, a channel, tile by tile. */
  readonly pitch: number
  readonly bare: boolean
  /** In a part's workspace: transformed tiles, their products with the weights, and outputs before the epilogue. */
  readonly tilesAt: number
  readonly sumsAt: number
  readonly outAt: number
  readonly partBytes: number
}

/** Points of the transform: 4×4. */
export const points = 16

/**
 * Bytes between points of so many elements each: an odd number of cache lines, so that the points of one tile, written
 * together, do not crowd the same places of the cache.
 */
export function pointBytes(elements: number): number {
  const lines = Math.ceil(elements / 16)
  return 64 * (lines % 2 === 0 ? lines + 1 : lines)
}

/** True if a convolution, its input's or its weights' gradient is done this way: a constant of the numerics. */
export function usesWinograd(
  { y, x, channels, filters }: ConvShape,
  { dtype }: Lane,
  height: number,
  width: number,
): boolean {
  const plain = [y, x].every(a => a.kernel === 3 && a.stride === 1 && a.dilation === 1)
  return dtype === 'f32' && plain && channels >= 16 && filters >= 16 && height >= 4 && width >= 4
}

/** Transformed tiles and sums of a band stay below so many bytes where they can. */
const bandBytes = 393216

/** Chooses bands and chunks from the shapes. None of it changes a bit. */
export function planWinograd(work: Winograd, bare: boolean, threads: number): WinogradPlan {
  const { lane, images, groups, channels, rows, source, size, height, width, first } = work
  const [across, down] = [Math.ceil(width / 2), Math.ceil(height / 2)]
  const wanted = threads === 1 ? 1 : Math.ceil((2 * threads) / (images * groups))
  const bandRows = chooseBand(across, down, channels + rows, wanted)
  const bands = Math.ceil(down / bandRows)
  const chunkRows = Math.min(rows, Math.ceil(rows / Math.ceil(wanted / bands) / 2) * 2)
  const pitch = pitchOf(across, bandRows)
  const reachY = { first: first.y, count: 2 * bandRows + 2 }
  const allY = { first: first.y, count: 2 * down + 2 }
  const reachX = { first: first.x, count: 2 * across + 2 }
  const image = imageOf(source, lane, size, reachY, allY, reachX, channels)
  const tilesAt = Math.ceil(image.bytes / 64) * 64
  // Outputs take the place of the tiles, which are not needed by then.
  const outBytes = bare ? 0 : Math.ceil((chunkRows * 2 * bandRows * width) / 16) * 64
  const tileBytes = Math.max(points * pointBytes(channels * pitch), outBytes)
  const sumsAt = tilesAt + tileBytes
  return {
    ...work,
    image,
    across,
    down,
    bandRows,
    bands,
    chunkRows,
    chunks: Math.ceil(rows / chunkRows),
    pitch,
    bare,
    tilesAt,
    sumsAt,
    outAt: tilesAt,
    partBytes: sumsAt + points * pointBytes(chunkRows * pitch) + 64,
  }
}

/** Elements between rows of transformed tiles: the tiles, as many as vectors at the end of a row write too many, and not a multiple of a large power of two. */
export function pitchOf(across: number, rows: number): number {
  const tiles = across * rows + (across % 4 === 0 ? 0 : 3)
  const lines = Math.ceil(tiles / 16)
  if (lines < 4) return Math.ceil(tiles / 4) * 4
  return 16 * (lines % 2 === 0 ? lines + 1 : lines)
}

/** Rows of tiles in a band: the fewest cycles a tile, panels at the end of a band counted as they are. */
function chooseBand(across: number, down: number, channels: number, wanted: number): number {
  let best = 1
  let least = Number.POSITIVE_INFINITY
  for (let bands = Math.min(down, wanted); bands <= down; bands++) {
    const rows = Math.ceil(down / bands)
    const bytes = points * channels * pitchOf(across, rows) * 4
    const tiles = across * rows
    const rest = tiles % 16
    const panels =
      Math.floor(tiles / 16) + (rest === 0 ? 0 : ([0.4, 0.55, 0.85, 1][Math.ceil(rest / 4) - 1] ?? 1))
    const waste = (Math.ceil(down / rows) * panels * 16) / (across * down)
    const cost = waste * (bytes > bandBytes ? 1 + (0.3 * (bytes - bandBytes)) / bandBytes : 1) + 0.02 / rows
    if (cost < least) [best, least] = [rows, cost]
    if (bytes < bandBytes / 4) break
  }
  return best
}
