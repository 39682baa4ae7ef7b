import type { Lanes } from './lanes.ts'

/** Channels of `rows × columns` f64 numbers that stand for a larger image: its element (y, x) is at (y + top, x + left). */
export interface Padded {
  readonly rows: number
  readonly columns: number
  readonly top: number
  readonly left: number
  /** Elements from one channel to the next. */
  readonly area: number
}

/** Channels that are an odd number of cache lines apart, lest those of a power of two share their places in the cache. */
export function padded(rows: number, columns: number, top: number, left: number): Padded {
  const lines = Math.ceil((rows * columns) / 8)
  return { rows, columns, top, left, area: 8 * (lines + (lines % 2 === 0 ? 1 : 0)) }
}

/** Copies `channels` of an image of `height × width`; what lies outside of it becomes zero, what does not fit is left out. */
export function padImage(
  { rows, columns, top, left, area }: Padded,
  buffer: Float64Array,
  at: number,
  image: Lanes,
  from: number,
  channels: number,
  height: number,
  width: number,
): void {
  const firstX = Math.max(0, -left)
  const lastX = Math.min(width, columns - left)
  const firstY = Math.max(0, -top)
  const lastY = Math.min(height, rows - top)
  buffer.fill(0, at, at + channels * area)
  for (let c = 0; c < channels; c++)
    for (let y = firstY; y < lastY; y++) {
      const to = at + c * area + (y + top) * columns + left
      const row = from + (c * height + y) * width
      for (let x = firstX; x < lastX; x++) buffer[to + x] = image[row + x]!
    }
}

/** False if one of the numbers is infinite or NaN: then a product with zero is not zero, and padding cannot stand for nothing. */
export function allFinite(view: Lanes, from: number, to: number): boolean {
  // Finite numbers give 0 each, the others NaN.
  let sum = 0
  for (let i = from; i < to; i++) {
    const x = view[i]!
    sum += x - x
  }
  return sum === 0
}
