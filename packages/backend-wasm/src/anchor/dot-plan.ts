import { type Lane, laneOf } from './lane.ts'
import { innerStride, type Matrix, runsOf } from './matrix.ts'
import { blockLength } from './micro.ts'

/** A batched product C[m, n] = Σₖ A[m, k] · B[k, n]. */
export interface Product {
  readonly dtype: 'f32' | 'f64'
  readonly batches: number
  readonly m: number
  readonly n: number
  readonly k: number
  readonly left: Matrix
  readonly right: Matrix
}

/** Tiles of one width: columns and what they lie in. */
export interface Strip {
  readonly vectors: number
  /** Rows of a tile; what is left over goes row by row. */
  readonly rows: number
}

/**
 * How a product is computed. The work is a grid of items, batches × row chunks × column chunks, each done by itself.
 * An item walks k in pieces; for each piece it readies its rows of A and, one panel of columns after the other, B.
 */
export interface DotPlan extends Product {
  readonly lane: Lane
  /** Columns of a full panel. */
  readonly width: number
  readonly strip: Strip
  /** The panel at the end, if `width` does not divide the columns. */
  readonly tail: (Strip & { readonly width: number }) | null
  /** Rows of A: read where they lie, copied in groups of a tile's rows, or copied row by row. */
  readonly leftBy: 'direct' | 'groups' | 'lines'
  /** Rows of a group. */
  readonly group: number
  /** Columns of B: read where they lie, packed by panel, or packed column by column. */
  readonly rightBy: 'direct' | 'panels' | 'lines'
  readonly chunkRows: number
  readonly chunkColumns: number
  /** Length of a piece of k: all of it, or a multiple of the block length. */
  readonly piece: number
  readonly rowChunks: number
  readonly columnChunks: number
  readonly items: number
  /** The sums go straight into the result; else through the workspace. */
  readonly bare: boolean
  /** Rows of sums that are finished at once, where they pass through the workspace in one piece of k. */
  readonly sumRows: number
  /** Bytes of the workspace, for each part, and where in it things lie. */
  readonly rightAt: number
  readonly sumsAt: number
  readonly tailAt: number
  readonly partBytes: number
}

/** Panels of B and chunks of A in the workspace stay below about so many bytes. */
const panelBytes = 131072
const chunkBytes = 262144

/** Chooses tiles, packing and chunks from the shapes. None of it changes a bit. */
export function planDot(product: Product, bare: boolean, threads: number): DotPlan {
  const { m, n, k, left, right, batches, dtype } = product
  const lane = laneOf(dtype)
  const width = 4 * lane.count
  const full = Math.floor(n / width)
  const rest = n - full * width
  const strip: Strip = { vectors: 4, rows: 2 }
  const tail = rest === 0 ? null : { ...tailStrip(Math.ceil(rest / lane.count)), width: rest }
  const panels = Math.ceil(n / width)

  const leftBy = chooseLeft(product, lane, panels)
  const rightBy = chooseRight(product, lane, width)
  const piece =
    k * width * lane.bytes <= panelBytes || left.deep.length > 1 || right.deep.length > 1
      ? k
      : Math.floor(panelBytes / (width * lane.bytes * blockLength)) * blockLength

  const rowUnit = leftBy === 'groups' ? 4 : 2
  let chunkRows = m
  const rowBytes = piece * lane.bytes
  const limit = leftBy === 'direct' ? 2 * chunkBytes : chunkBytes
  if (panels > 2 || leftBy !== 'direct') chunkRows = chunked(m, Math.max(32, Math.floor(limit / rowBytes)), 4)
  let chunkColumns = n
  if (!bare && piece < k)
    chunkColumns = chunked(n, Math.max(width, Math.floor(panelBytes / (chunkRows * lane.bytes))), width)
  if (batches < threads) {
    const items = batches * Math.ceil(m / chunkRows) * Math.ceil(n / chunkColumns)
    if (items < 2 * threads) {
      if (panels >= 2 * threads && leftBy === 'direct')
        chunkColumns = chunked(n, Math.ceil(n / threads), width)
      else chunkRows = chunked(m, Math.ceil(m / threads), rowUnit)
    }
  }
  const rowChunks = Math.ceil(m / chunkRows)
  const columnChunks = Math.ceil(n / chunkColumns)

  const align = (bytes: number): number => Math.ceil(bytes / 64) * 64
  const leftBytes = leftBy === 'direct' ? 0 : align(Math.ceil(chunkRows / 4) * 4 * rowBytes)
  const rightBytes = rightBy === 'direct' ? 0 : align(piece * width * lane.bytes)
  const sumRows = piece < k ? chunkRows : Math.min(chunkRows, 64)
  const rowOfSums = (piece < k ? Math.ceil(chunkColumns / width) : 1) * width * lane.bytes
  const sumBytes = bare ? 0 : align(sumRows * rowOfSums)
  const tailBytes = bare && rest % lane.count !== 0 ? align(sumRows * width * lane.bytes) : 0
  return {
    ...product,
    lane,
    width,
    strip,
    tail,
    leftBy,
    group: full > 0 ? strip.rows : tail!.rows,
    rightBy,
    chunkRows,
    chunkColumns,
    piece,
    rowChunks,
    columnChunks,
    items: batches * rowChunks * columnChunks,
    bare,
    sumRows,
    rightAt: leftBytes,
    sumsAt: leftBytes + rightBytes,
    tailAt: leftBytes + rightBytes + sumBytes,
    partBytes: leftBytes + rightBytes + sumBytes + tailBytes,
  }
}

/** The best tile for so many vectors of columns. */
export function tailStrip(vectors: number): Strip {
  return { vectors, rows: vectors <= 2 ? 4 : 2 }
}

/** Equal chunks of at most about `most`, each but the last a multiple of `unit`. */
function chunked(total: number, most: number, unit: number): number {
  const chunks = Math.max(1, Math.ceil(total / Math.max(unit, most)))
  return Math.min(total, Math.ceil(total / chunks / unit) * unit)
}

function chooseLeft({ left, m, k }: Product, lane: Lane, panels: number): DotPlan['leftBy'] {
  const plain = left.deep.length === 1 && runsOf(left.free, 4)
  const [row, step] = [innerStride(left.free), innerStride(left.deep)]
  if (!plain) return 'lines'
  if (Math.abs(step) === lane.bytes || m <= 4 || k <= 8 || step === 0) return 'direct'
  // Neighbouring rows side by side, steps of k far apart: each step touches another cache line.
  const far = Math.abs(step) % 512 === 0
  if (panels < (far ? 2 : 4)) return 'direct'
  return row === lane.bytes ? 'groups' : 'lines'
}

function chooseRight({ right, m, k, n }: Product, lane: Lane, width: number): DotPlan['rightBy'] {
  if (!runsOf(right.free, width)) return 'lines'
  const dense = innerStride(right.free) === lane.bytes && right.deep.length === 1
  const step = Math.abs(innerStride(right.deep))
  const near = step * k <= 16384 && step % 512 !== 0
  if (dense && (m <= 8 || near) && n % lane.count === 0) return 'direct'
  return 'panels'
}
