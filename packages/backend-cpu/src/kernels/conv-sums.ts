import type { Lanes } from './lanes.ts'

/**
 * The two inner loops of convolutions. Each computes three by four sums at a time: twelve accumulators and what they
 * multiply fill the registers. They are functions of their own, with a single loop, so that the accumulators stay there.
 */

/** Some positions in a regular grid: where sums read their buffer, and where they are written in a channel. */
export interface Grid {
  readonly rows: number
  readonly columns: number
  /** Element of the buffer at the first position, and steps to the next row and column. */
  readonly from: number
  readonly fromRow: number
  readonly fromColumn: number
  readonly to: number
  readonly toRow: number
  readonly toColumn: number
}

/** What `sumsAtPositions` reads. */
export interface Terms {
  readonly buffer: Float64Array
  /** The offset of each term from the position, from `first` on. */
  readonly offsets: Int32Array
  first: number
  count: number
  /** In the buffer: the factors of each term, one a channel. */
  weights: number
}

/**
 * out[outᵢ + to] = Σⱼ buffer[at + from + offsetⱼ] · weight[j, i] for three channels i, at every position of a grid, with
 * j ascending. At the end positions repeat, which computes some sums twice instead of needing a loop of their own.
 */
export function sumsAtPositions(
  grid: Grid,
  terms: Terms,
  at: number,
  out: Lanes,
  out0: number,
  out1: number,
  out2: number,
): void {
  const { columns, fromRow, fromColumn, toRow, toColumn } = grid
  const positions = grid.rows * columns
  let row = 0
  let column = 0
  let p0 = 0
  let p1 = 0
  let p2 = 0
  let p3 = 0
  let t0 = 0
  let t1 = 0
  let t2 = 0
  let t3 = 0
  for (let q = 0; q < positions; q += 4) {
    for (let i = 0; i < 4; i++) {
      p0 = p1
      p1 = p2
      p2 = p3
      t0 = t1
      t1 = t2
      t2 = t3
      p3 = (at + grid.from + row * fromRow + column * fromColumn) | 0
      t3 = (grid.to + row * toRow + column * toColumn) | 0
      if (q + i < positions - 1) {
        column++
        if (column === columns) {
          column = 0
          row++
        }
      }
    }
    const { buffer, offsets, first, count, weights } = terms
    sumsOfFour(buffer, p0, p1, p2, p3, offsets, first, count, weights, out, out0, out1, out2, t0, t1, t2, t3)
  }
}

function sumsOfFour(
  buffer: Float64Array,
  p0: number,
  p1: number,
  p2: number,
  p3: number,
  offsets: Int32Array,
  first: number,
  count: number,
  weights: number,
  out: Lanes,
  out0: number,
  out1: number,
  out2: number,
  t0: number,
  t1: number,
  t2: number,
  t3: number,
): void {
  let a0 = 0
  let a1 = 0
  let a2 = 0
  let a3 = 0
  let b0 = 0
  let b1 = 0
  let b2 = 0
  let b3 = 0
  let c0 = 0
  let c1 = 0
  let c2 = 0
  let c3 = 0
  let w = weights
  for (let j = first, end = first + count; j < end; j++) {
    const offset = offsets[j]!
    const u = buffer[w]!
    const v = buffer[w + 1]!
    const s = buffer[w + 2]!
    const x0 = buffer[(p0 + offset) | 0]!
    const x1 = buffer[(p1 + offset) | 0]!
    const x2 = buffer[(p2 + offset) | 0]!
    const x3 = buffer[(p3 + offset) | 0]!
    a0 += x0 * u
    a1 += x1 * u
    a2 += x2 * u
    a3 += x3 * u
    b0 += x0 * v
    b1 += x1 * v
    b2 += x2 * v
    b3 += x3 * v
    c0 += x0 * s
    c1 += x1 * s
    c2 += x2 * s
    c3 += x3 * s
    w = (w + 3) | 0
  }
  out[out0 + t0] = a0
  out[out0 + t1] = a1
  out[out0 + t2] = a2
  out[out0 + t3] = a3
  out[out1 + t0] = b0
  out[out1 + t1] = b1
  out[out1 + t2] = b2
  out[out1 + t3] = b3
  out[out2 + t0] = c0
  out[out2 + t1] = c1
  out[out2 + t2] = c2
  out[out2 + t3] = c3
}

/**
 * acc[acc + 4·i + j] += Σₚ g[gᵢ + p] · buffer[xⱼ + positionₚ] for three channels i of g and four places j of the buffer, with
 * p ascending. `g1`, `g2` count from `g0`, and `x1`, `x2`, `x3` from `x0`.
 */
export function sumsOverPositions(
  buffer: Float64Array,
  x0: number,
  x1: number,
  x2: number,
  x3: number,
  positions: Int32Array,
  first: number,
  count: number,
  g: Lanes,
  g0: number,
  g1: number,
  g2: number,
  acc: number,
): void {
  let a0 = buffer[acc]!
  let a1 = buffer[acc + 1]!
  let a2 = buffer[acc + 2]!
  let a3 = buffer[acc + 3]!
  let b0 = buffer[acc + 4]!
  let b1 = buffer[acc + 5]!
  let b2 = buffer[acc + 6]!
  let b3 = buffer[acc + 7]!
  let c0 = buffer[acc + 8]!
  let c1 = buffer[acc + 9]!
  let c2 = buffer[acc + 10]!
  let c3 = buffer[acc + 11]!
  let p = g0
  for (let i = first, end = first + count; i < end; i++) {
    const at = (x0 + positions[i]!) | 0
    const u = g[p]!
    const v = g[(p + g1) | 0]!
    const s = g[(p + g2) | 0]!
    const y0 = buffer[at]!
    const y1 = buffer[(at + x1) | 0]!
    const y2 = buffer[(at + x2) | 0]!
    const y3 = buffer[(at + x3) | 0]!
    a0 += u * y0
    a1 += u * y1
    a2 += u * y2
    a3 += u * y3
    b0 += v * y0
    b1 += v * y1
    b2 += v * y2
    b3 += v * y3
    c0 += s * y0
    c1 += s * y1
    c2 += s * y2
    c3 += s * y3
    p = (p + 1) | 0
  }
  buffer[acc] = a0
  buffer[acc + 1] = a1
  buffer[acc + 2] = a2
  buffer[acc + 3] = a3
  buffer[acc + 4] = b0
  buffer[acc + 5] = b1
  buffer[acc + 6] = b2
  buffer[acc + 7] = b3
  buffer[acc + 8] = c0
  buffer[acc + 9] = c1
  buffer[acc + 10] = c2
  buffer[acc + 11] = c3
}
