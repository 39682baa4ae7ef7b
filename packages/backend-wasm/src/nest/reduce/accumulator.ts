import type { Local } from '../../asm/index.ts'
import type { Vector } from '../vector.ts'

/** Elements of a chunk: sums are made chunk by chunk, in each by four lanes. A constant of the numerics. */
export const chunkElements = 8192

/** For a single element: all ones in the lanes of f64 that it is added to. */
export interface LaneMasks {
  readonly low: Local
  readonly high: Local
}

/**
 * Folds elements of one point, four at a time or one by one, into a value that does not depend on how they came. Where
 * four points lie side by side (`columns`), lanes are points.
 */
export interface Accumulator {
  /** Before the first element of a point. */
  start(): void
  /** Before the first element of a chunk; with columns, of a lane of it. */
  startChunk(): void
  add(x: Vector): void
  /** One element that belongs to the lane of the masks. */
  addOne(x: Vector, masks: LaneMasks): void
  /** After the last element of a chunk: adds it to the point's value. */
  endChunk(): void
  /** With columns: after lane 0, 2, 1 and 3 of a chunk, in this order; `pass` counts them. */
  endLane(pass: Local): void
  /** The value of the point, or of four, in the result's dtype, in locals that `own` gives. */
  finish(own: () => Local): Vector
  /** Bytes of a point's chunk in memory. */
  readonly bytes: number
  /** Writes the value of what was folded since `start`, unrounded, to the address that `push` pushes. */
  save(push: () => void, one: boolean): void
  /** Folds what `save` wrote. */
  restore(push: () => void, one: boolean): void
  release(): void
}
