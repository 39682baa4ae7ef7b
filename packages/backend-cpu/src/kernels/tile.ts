import type { Affine } from '@stint/engine'
import { type Shape, sizeOf } from '@stint/graph'

/** Elements of a block: enough to hide the cost of a call, few enough for several lanes to stay in the nearest cache. */
export const blockSize = 256

/**
 * The block of a domain that is computed at a time, in row-major order: all of the axes after `split`, `count` indices
 * of that axis, one of each axis before it.
 */
export class Tile {
  readonly domain: Shape
  readonly split: number
  /** Elements at one index of the split axis. */
  readonly inner: number
  /** Most indices of the split axis. */
  readonly chunk: number
  /** Index of the first element. */
  readonly start: number[]
  count = 0
  /** Elements. */
  n = 0

  /** `unit`: ranges begin and end at multiples of so many elements; the last axes within a block must divide it. */
  constructor(domain: Shape, unit: number = sizeOf(domain), first = 0, limit: number = blockSize) {
    this.domain = domain
    this.start = domain.map(() => 0)
    let split = domain.length - 1
    let inner = 1
    while (split > first) {
      const more = inner * domain[split]!
      if (more === 0 || more > limit || unit % more !== 0) break
      inner = more
      split--
    }
    this.split = split
    this.inner = inner
    this.chunk = Math.max(1, Math.min(domain[split]!, Math.floor(limit / inner)))
  }

  /** Most elements of a block. */
  get capacity(): number {
    return this.chunk * this.inner
  }

  /** Moves to the block that begins at element `position` (a multiple of `inner`) and ends at `end` at the latest. */
  moveTo(position: number, end: number): void {
    const { domain, start, split, inner } = this
    let rest = (position / inner) | 0
    for (let axis = split; axis >= 0; axis--) {
      const size = domain[axis]!
      const left = (rest / size) | 0
      start[axis] = rest - left * size
      rest = left
    }
    this.count = Math.min(this.chunk, domain[split]! - start[split]!, ((end - position) / inner) | 0)
    this.n = this.count * inner
  }

  /** A block of full size at `position`, whether or not the domain has as many elements left. */
  fill(position: number): void {
    this.moveTo(position, position)
    this.count = this.chunk
    this.n = this.capacity
  }

  /** The step of `at` from each element of a block to the next, or null where it differs. */
  stepOf(at: Affine): number | null {
    let step: number | null = null
    let stride = 1
    for (let axis = this.domain.length - 1; axis >= this.split; axis--) {
      const size = axis === this.split ? this.chunk : this.domain[axis]!
      if (size === 1) continue
      const own = at.coefs[axis]! / stride
      if (step !== null && own !== step) return null
      step = own
      stride *= size
    }
    return step === null ? 0 : Number.isInteger(step) ? step : null
  }

  /** True if the elements of every block are neighbours. */
  isDense(at: Affine): boolean {
    return this.capacity === 1 || this.stepOf(at) === 1
  }
}

/** The value of an affine function. */
export function valueAt(at: Affine, index: readonly number[]): number {
  const { coefs } = at
  let value = at.offset
  for (let i = 0; i < coefs.length; i++) value += coefs[i]! * index[i]!
  return value | 0
}

/** Visits the rows of a block: its elements along the last axis. */
export abstract class Rows {
  readonly tile: Tile
  /** Index of the first element of the row. */
  readonly index: number[]

  constructor(tile: Tile) {
    this.tile = tile
    this.index = tile.domain.map(() => 0)
  }

  run(): void {
    const { index, tile } = this
    for (let axis = 0; axis < index.length; axis++) index[axis] = tile.start[axis]!
    this.#walk(tile.split, 0)
  }

  /** `n` elements of the block from its element `at`. */
  protected abstract row(at: number, n: number): void

  #walk(axis: number, at: number): number {
    const { index, tile } = this
    const size = axis === tile.split ? tile.count : tile.domain[axis]!
    if (axis === index.length - 1) {
      this.row(at, size)
      return at + size
    }
    const first = tile.start[axis]!
    let next = at
    for (let i = 0; i < size; i++) {
      index[axis] = first + i
      next = this.#walk(axis + 1, next)
    }
    index[axis] = first
    return next
  }
}
