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

/** Tiles of one width. */
export interface Strip {
  readonly vectors: number
  /** Rows of a tile; what is left over goes row by row. */
  readonly rows: number
}

/**
 * How a product is computed. The work is a grid of items, batches × row chunks × column chunks, each done by itself.
 * An item walks k in pieces; for each piece it readies its rows of A and, one panel of columns after the other, B.
 */
export interface DotPlan extends Product, Chunks {
  readonly lane: Lane
  /** Columns of a full panel. */
  readonly width: number
  readonly strip: Strip
  /** The panel at the end, if `width` does not divide the columns. */
  readonly tail: (Strip & { readonly width: number }) | null
  /**
   * Rows of A: read where they lie; copied in groups of a tile's rows, or row by row; computed into rows, or into
   * columns (one for each k).
   */
  readonly leftBy: 'direct' | 'groups' | 'lines' | 'rows' | 'columns'
  /** Rows of a group. */
  readonly group: number
  /** Columns of B: read where they lie; packed panel by panel, or column by column; computed. */
  readonly rightBy: 'direct' | 'panels' | 'lines' | 'computed'
  readonly items: number
  /** The sums go straight into the result; else through the workspace. */
  readonly bare: boolean
}

/** How the work is cut up, and what that takes of the workspace. */
interface Chunks {
  readonly chunkRows: number
  readonly chunkColumns: number
  readonly rowChunks: number
  readonly columnChunks: number
  /** Length of a piece of k: all of it, or a multiple of the block length. */
  readonly piece: number
  /** Elements from row to row, or from column to column, of what is ready of A. */
  readonly leftPitch: number
  /** Rows and columns of sums that pass through the workspace at a time. */
  readonly sumRows: number
  readonly sumColumns: number
  /** Columns that are worked on at a time: made ready on the right, or finished. They begin at multiples of the unit. */
  readonly groupColumns: number
  readonly columnUnit: number
  /** Elements from row to row of what is computed of B. */
  readonly rightPitch: number
  /** Bytes of the workspace, for each part, and where in it things lie. */
  readonly rightAt: number
  readonly sumsAt: number
  readonly partBytes: number
}

/** What cutting up the work depends on. */
interface Sizes {
  readonly product: Product
  readonly lane: Lane
  readonly width: number
  readonly leftBy: DotPlan['leftBy']
  readonly rightBy: DotPlan['rightBy']
  readonly bare: boolean
  readonly partialTail: boolean
}

/** Chooses tiles, packing and chunks from the shapes. None of it changes a bit. */
export function planDot(product: Product, bare: boolean, threads: number): DotPlan {
  const { n, batches, dtype } = product
  const lane = laneOf(dtype)
  const width = 4 * lane.count
  const full = Math.floor(n / width)
  const rest = n - full * width
  const strip: Strip = { vectors: 4, rows: 2 }
  const tail = rest === 0 ? null : { ...tailStrip(Math.ceil(rest / lane.count)), width: rest }
  const leftBy = chooseLeft(product, lane, Math.ceil(n / width))
  const rightBy = chooseRight(product, lane, width)
  const sizes = { product, lane, width, leftBy, rightBy, bare, partialTail: bare && rest % lane.count !== 0 }
  const chunks = cut(sizes, threads)
  return {
    ...product,
    ...chunks,
    lane,
    width,
    strip,
    tail,
    leftBy,
    group: full > 0 ? strip.rows : tail!.rows,
    rightBy,
    items: batches * chunks.rowChunks * chunks.columnChunks,
    bare,
  }
}

/** The best tile for so many vectors of columns. */
export function tailStrip(vectors: number): Strip {
  return { vectors, rows: vectors <= 2 ? 4 : 2 }
}

function chooseLeft({ left, m, k }: Product, lane: Lane, panels: number): DotPlan['leftBy'] {
  if (left.kind === 'computed') return left.alongDeep ? 'rows' : 'columns'
  if (left.deep.length > 1 || !runsOf(left.free, 4)) return 'lines'
  const [row, step] = [innerStride(left.free), innerStride(left.deep)]
  if (Math.abs(step) <= lane.bytes || m <= 4 || k <= 8) return 'direct'
  // Neighbouring rows side by side, steps of k far apart: each step touches another cache line.
  const far = Math.abs(step) % 512 === 0
  if (panels < (far ? 2 : 4)) return 'direct'
  return row === lane.bytes ? 'groups' : 'lines'
}

function chooseRight({ right, m, k, n }: Product, lane: Lane, width: number): DotPlan['rightBy'] {
  if (right.kind === 'computed') return 'computed'
  if (!runsOf(right.free, width)) return 'lines'
  const dense = innerStride(right.free) === lane.bytes && right.deep.length === 1
  const step = Math.abs(innerStride(right.deep))
  const near = step * k <= 16384 && step % 512 !== 0
  return dense && (m <= 8 || near) && n % lane.count === 0 ? 'direct' : 'panels'
}

/** More workspace than so many bytes is taken only if nothing else works. */
const workspaceLimit = 393216

/** The cheapest way to cut the work up. */
function cut(sizes: Sizes, threads: number): Chunks {
  const { m, n, k, left, right, batches } = sizes.product
  const fixed = [left, right].some(x => x.kind === 'stored' && x.deep.length > 1)
  const pieces = fixed ? [k] : [k, 2048, 1024, 512, blockLength].filter(p => p <= k)
  const shares = [1, 2, 4].map(x => Math.ceil((x * threads) / batches))
  const rows = [m, 1024, 512, 256, 128, 64, 32, ...shares.map(s => Math.ceil(m / s))].filter(r => r <= m)
  const columns = [n, ...shares.map(s => Math.ceil(n / s)), ...(sizes.bare ? [] : [512, 256, 128])].filter(
    c => c <= n,
  )
  let best: Chunks | undefined
  let least = Number.POSITIVE_INFINITY
  for (const piece of pieces)
    for (const most of new Set(rows))
      for (const wide of new Set(columns)) {
        const chunks = layOut(sizes, piece, chunked(m, most, 4), chunked(n, wide, sizes.width))
        const items = batches * chunks.rowChunks * chunks.columnChunks
        const cost = cyclesOf(sizes, chunks) * spread(items, threads) + chunks.partBytes / 16
        if (cost < least) [best, least] = [chunks, cost]
      }
  return best!
}

/** How much longer so many equal items take on so many threads than if they came out even; less is left to chance with more. */
export function spread(items: number, threads: number): number {
  if (threads === 1) return 1
  return (Math.ceil(items / threads) * threads) / items + 0.04 * Math.max(0, 1 - items / (4 * threads))
}

/** Equal chunks of about `most`, each but the last a multiple of `unit`. */
function chunked(total: number, most: number, unit: number): number {
  const chunks = Math.max(1, Math.round(total / Math.max(unit, most)))
  return Math.min(total, Math.ceil(total / chunks / unit) * unit)
}

function layOut(
  { product: { m, n, k }, lane, width, leftBy, rightBy, bare, partialTail }: Sizes,
  piece: number,
  chunkRows: number,
  chunkColumns: number,
): Chunks {
  const align = (elements: number): number => Math.ceil((elements * lane.bytes) / 64) * 64
  const rows = Math.ceil(chunkRows / 4) * 4
  // Columns a power of two apart would share few lines of the cache.
  const pitch =
    leftBy === 'columns' ? (rows % 32 === 0 ? rows + 16 : rows) : leftBy === 'groups' ? piece + 8 : piece
  const leftBytes = leftBy === 'direct' ? 0 : align(pitch * (leftBy === 'columns' ? piece : rows))
  const columns = Math.ceil(chunkColumns / width) * width
  const few = Math.min(columns, 4 * width)
  // An odd number of cache lines, so that they do not share few places in the cache.
  const rightPitch = rightBy === 'computed' ? few + (few % (2 * width) === 0 ? width : 0) : width
  const rightBytes = rightBy === 'direct' ? 0 : align(piece * rightPitch)
  const sumRows = bare && piece === k ? Math.min(chunkRows, 64) : chunkRows
  const sumColumns = bare ? width : piece < k ? columns : few
  const columnChunks = Math.ceil(n / chunkColumns)
  const inGroups = rightBy === 'computed' || (!bare && piece === k)
  const sumBytes = bare && !partialTail ? 0 : align(sumRows * sumColumns)
  return {
    chunkRows,
    chunkColumns,
    rowChunks: Math.ceil(m / chunkRows),
    columnChunks,
    piece,
    leftPitch: pitch,
    sumRows,
    sumColumns,
    groupColumns: inGroups ? few : columns,
    columnUnit:
      columnChunks === 1 && (!inGroups || few >= n)
        ? n
        : gcd(inGroups ? few : columns, columnChunks > 1 ? chunkColumns : 0),
    rightPitch,
    rightAt: leftBytes,
    sumsAt: leftBytes + rightBytes,
    partBytes: leftBytes + rightBytes + sumBytes,
  }
}

/** Cycles of one batch, roughly. */
function cyclesOf({ product, lane, width, leftBy, rightBy }: Sizes, chunks: Chunks): number {
  const { m, n, k, left, right } = product
  const { rowChunks, columnChunks, chunkRows, piece, partBytes } = chunks
  const leftWork = left.kind === 'computed' ? left.work : leftBy === 'direct' ? 0 : 1
  const rightWork = right.kind === 'computed' ? right.work + 1 : rightBy === 'direct' ? 0 : 0.8
  const panels = Math.ceil(n / width)
  let cycles = (m * n * k) / 6.5 + leftWork * m * k * columnChunks + rightWork * k * n * rowChunks
  cycles += Math.ceil(m / 2) * panels * Math.ceil(k / blockLength) * 10
  cycles += Math.ceil(m / 2) * panels * Math.ceil(k / piece) * 20
  // Panels, and rows that every panel walks, should stay in the second cache.
  if (piece * chunks.rightPitch * lane.bytes > 196608) cycles += 0.5 * k * n * (m / 2)
  if (panels > 2 && chunkRows * piece * lane.bytes > 524288) cycles += 0.3 * m * k * panels
  if (partBytes > workspaceLimit) cycles += 1e3 * (partBytes - workspaceLimit) + 1e9
  return cycles
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
