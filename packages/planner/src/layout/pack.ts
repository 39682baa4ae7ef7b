import { Fits } from './fits.ts'
import type { Instance } from './instance.ts'
import { Loads } from './loads.ts'
import { Skyline } from './skyline.ts'

/**
 * Packs blocks from the bottom up: the lowest level of the skyline takes the block of highest priority that fits in, or
 * is lifted to its neighbour where none does. This is the best-fit heuristic for strip packing (Burke, Kendall and
 * Whitwell 2004) with fixed places in time, as Sekiyama et al. (2018) use it for buffers; with the trees here it takes
 * O(n log n) for the most part (see Imahori and Yagiura 2010).
 *
 * Only lifting wastes bytes. The bytes still to be placed at a moment say how much of it that moment can bear (the
 * section inference of MiniMalloc, Moffitt 2023), which serves for two things: a level that must not be lifted takes a block
 * that lives at its fullest moment, if any fits; and packing stops where it can come to nothing better.
 */
export class Packer {
  readonly #instance: Instance
  readonly #fits: Fits
  readonly #loads: Loads
  readonly #skyline: Skyline
  /** Offset of each block. */
  readonly offsets: Float64Array
  /** The moment at which the last run could not stay below its limit; −1. */
  conflict = -1

  constructor(instance: Instance) {
    this.#instance = instance
    this.#fits = new Fits(instance)
    this.#loads = new Loads(instance.moments)
    this.#skyline = new Skyline(instance.moments)
    this.offsets = new Float64Array(instance.count)
  }

  /** A measure of the work so far. */
  get work(): number {
    return this.#fits.visits
  }

  isPlaced(block: number): boolean {
    return !this.#fits.has(block)
  }

  /**
   * Packs all blocks and returns the end of the highest; infinity as soon as that cannot be less than `limit`, which is
   * more than the peak of the instance. The goal is the height that moments should keep to: infinite if they may be
   * lifted freely.
   */
  run(priority: Float64Array, goal: number, limit: number): number {
    const { count, live, moments, size } = this.#instance
    this.#fits.reset(priority)
    this.#loads.set(live, moments)
    this.#skyline.reset()
    this.conflict = -1
    let top = 0
    for (let left = count; left > 0; ) {
      const level = this.#skyline.lowest
      const end = this.#skyline.end(level)
      const brim = this.#skyline.brim(level)
      this.#loads.find(level, end)
      const { value: load, moment } = this.#loads
      const block = this.#choose(level, end, load > 0 && brim + load > goal ? moment : -1)
      if (block < 0) {
        if (load > 0 && brim + load >= limit) {
          this.conflict = moment
          return Number.POSITIVE_INFINITY
        }
        this.#skyline.lift(level)
        continue
      }
      const offset = this.#skyline.height(level)
      this.offsets[block] = offset
      top = Math.max(top, offset + size[block]!)
      this.#take(level, block)
      left--
    }
    return top
  }

  #choose(from: number, to: number, moment: number): number {
    const urgent = moment < 0 ? -1 : this.#fits.find(from, to, moment)
    return urgent < 0 ? this.#fits.find(from, to, -1) : urgent
  }

  #take(level: number, block: number): void {
    const { first, start, end, bytes } = this.#instance
    this.#fits.remove(block)
    for (let k = first[block]!; k < first[block + 1]!; k++)
      this.#loads.add(start[k]!, end[k]! + 1, -bytes[k]!)
    this.#skyline.put(level, this.#instance, block)
  }
}
