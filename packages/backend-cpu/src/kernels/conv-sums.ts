import type { Lanes } from './lanes.ts'

/** A term of a sum: its offset in the buffer, then three factors, all f64. */
export const termSize = 4
/** Sums that are computed at a time: three factors by four places. */
export const sumCount = 12

/**
 * The inner loop of all convolutions: with c0, c1, c2 the factors of each term from `term` to before `end`,
 *
 *     sums[4·i + j] = start[4·i + j] + Σ cᵢ · buffer[xⱼ + offset]
 *
 * in the order of the terms. Everything is f64 in one buffer, and it is a function of its own with a single loop: so
 * twelve accumulators, and what they multiply, stay in registers.
 */
export function addTerms(
  buffer: Float64Array,
  term: number,
  end: number,
  x0: number,
  x1: number,
  x2: number,
  x3: number,
  start: number,
  sums: number,
): void {
  let a0 = buffer[start]!
  let a1 = buffer[start + 1]!
  let a2 = buffer[start + 2]!
  let a3 = buffer[start + 3]!
  let b0 = buffer[start + 4]!
  let b1 = buffer[start + 5]!
  let b2 = buffer[start + 6]!
  let b3 = buffer[start + 7]!
  let c0 = buffer[start + 8]!
  let c1 = buffer[start + 9]!
  let c2 = buffer[start + 10]!
  let c3 = buffer[start + 11]!
  for (let t = term; t < end; t += 4) {
    const offset = buffer[t]! | 0
    const u = buffer[t + 1]!
    const v = buffer[t + 2]!
    const w = buffer[t + 3]!
    const y0 = buffer[(x0 + offset) | 0]!
    const y1 = buffer[(x1 + offset) | 0]!
    const y2 = buffer[(x2 + offset) | 0]!
    const y3 = buffer[(x3 + offset) | 0]!
    a0 += u * y0
    a1 += u * y1
    a2 += u * y2
    a3 += u * y3
    b0 += v * y0
    b1 += v * y1
    b2 += v * y2
    b3 += v * y3
    c0 += w * y0
    c1 += w * y1
    c2 += w * y2
    c3 += w * y3
  }
  buffer[sums] = a0
  buffer[sums + 1] = a1
  buffer[sums + 2] = a2
  buffer[sums + 3] = a3
  buffer[sums + 4] = b0
  buffer[sums + 5] = b1
  buffer[sums + 6] = b2
  buffer[sums + 7] = b3
  buffer[sums + 8] = c0
  buffer[sums + 9] = c1
  buffer[sums + 10] = c2
  buffer[sums + 11] = c3
}

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

/** The buffer of `sumsAtPositions`, and where in it the terms are, and room for `2 · sumCount` numbers. */
export interface Terms {
  readonly buffer: Float64Array
  first: number
  end: number
  room: number
}

/**
 * out[outᵢ + to] = Σ cᵢ · buffer[at + from + offset] over all terms, for three channels i, at every position of a grid.
 * At the end positions repeat, which computes some sums twice instead of needing a loop of their own.
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
  const { buffer, first, end, room } = terms
  const positions = grid.rows * columns
  const sums = room + sumCount
  buffer.fill(0, room, sums)
  // The next position, and the four at hand.
  let p = (at + grid.from) | 0
  let t = grid.to
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
    for (let i = q; i < q + 4; i++) {
      p0 = p1
      p1 = p2
      p2 = p3
      p3 = p
      t0 = t1
      t1 = t2
      t2 = t3
      t3 = t
      if (i >= positions - 1) continue
      column++
      p = (p + fromColumn) | 0
      t = (t + toColumn) | 0
      if (column < columns) continue
      column = 0
      p = (p + fromRow - columns * fromColumn) | 0
      t = (t + toRow - columns * toColumn) | 0
    }
    addTerms(buffer, first, end, p0, p1, p2, p3, room, sums)
    out[out0 + t0] = buffer[sums]!
    out[out0 + t1] = buffer[sums + 1]!
    out[out0 + t2] = buffer[sums + 2]!
    out[out0 + t3] = buffer[sums + 3]!
    out[out1 + t0] = buffer[sums + 4]!
    out[out1 + t1] = buffer[sums + 5]!
    out[out1 + t2] = buffer[sums + 6]!
    out[out1 + t3] = buffer[sums + 7]!
    out[out2 + t0] = buffer[sums + 8]!
    out[out2 + t1] = buffer[sums + 9]!
    out[out2 + t2] = buffer[sums + 10]!
    out[out2 + t3] = buffer[sums + 11]!
  }
}
