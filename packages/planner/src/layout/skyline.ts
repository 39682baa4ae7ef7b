import type { Instance } from './instance.ts'

/**
 * The upper edge of what is placed, as levels from left to right over the moments: a level begins at its first moment,
 * by which it is named. Neighbours differ in height; the lowest level (the leftmost of several) is kept in a heap.
 */
export class Skyline {
  readonly #moments: number
  readonly #height: Float64Array
  readonly #end: Int32Array
  readonly #previous: Int32Array
  readonly #heap: Int32Array
  /** Where a level is in the heap, or −1. */
  readonly #slot: Int32Array
  #levels = 0

  constructor(moments: number) {
    this.#moments = moments
    this.#height = new Float64Array(moments + 1)
    this.#end = new Int32Array(moments + 1)
    this.#previous = new Int32Array(moments + 1)
    this.#heap = new Int32Array(moments + 1)
    this.#slot = new Int32Array(moments + 1)
  }

  /** One level at height 0. */
  reset(): void {
    this.#slot.fill(-1)
    this.#levels = 0
    this.#set(0, this.#moments, 0, -1)
  }

  get lowest(): number {
    return this.#heap[0]!
  }

  end(level: number): number {
    return this.#end[level]!
  }

  height(level: number): number {
    return this.#height[level]!
  }

  /** Height of the lower neighbour: infinite if there is none. */
  brim(level: number): number {
    const end = this.#end[level]!
    const left = level > 0 ? this.#height[this.#previous[level]!]! : Number.POSITIVE_INFINITY
    const right = end < this.#moments ? this.#height[end]! : Number.POSITIVE_INFINITY
    return Math.min(left, right)
  }

  /** Lifts a level to its lower neighbour, and joins them. */
  lift(level: number): void {
    const height = this.brim(level)
    let start = level
    let end = this.#end[level]!
    if (end < this.#moments && this.#height[end] === height) {
      this.#drop(end)
      end = this.#end[end]!
    }
    if (level > 0 && this.#height[this.#previous[level]!] === height) {
      this.#drop(level)
      start = this.#previous[level]!
    }
    this.#set(start, end, height, this.#previous[start]!)
  }

  /** Puts a block on a level that it fits in: each of its segments becomes a level, as does what is left beside them. */
  put(level: number, instance: Instance, block: number): void {
    const { first, start, end: last, bytes } = instance
    const end = this.#end[level]!
    const base = this.#height[level]!
    let left = this.#previous[level]!
    let at = level
    const extend = (to: number, height: number): void => {
      if (to <= at) return
      if (left >= 0 && this.#height[left] === height) this.#set(left, to, height, this.#previous[left]!)
      else {
        this.#set(at, to, height, left)
        left = at
      }
      at = to
    }
    this.#drop(level)
    for (let k = first[block]!; k < first[block + 1]!; k++) {
      extend(start[k]!, base)
      extend(last[k]! + 1, base + bytes[k]!)
    }
    extend(end, base)
    if (end < this.#moments && this.#height[end] === this.#height[left]) {
      this.#drop(end)
      this.#set(left, this.#end[end]!, this.#height[left]!, this.#previous[left]!)
    }
  }

  #set(level: number, end: number, height: number, previous: number): void {
    this.#height[level] = height
    this.#end[level] = end
    this.#previous[level] = previous
    if (end < this.#moments) this.#previous[end] = level
    let slot = this.#slot[level]!
    if (slot < 0) {
      slot = this.#levels++
      this.#move(level, slot)
    }
    this.#settle(slot)
  }

  #drop(level: number): void {
    const slot = this.#slot[level]!
    this.#slot[level] = -1
    const last = this.#heap[--this.#levels]!
    if (last === level) return
    this.#move(last, slot)
    this.#settle(slot)
  }

  #move(level: number, slot: number): void {
    this.#heap[slot] = level
    this.#slot[level] = slot
  }

  #lower(a: number, b: number): boolean {
    return this.#height[a]! < this.#height[b]! || (this.#height[a] === this.#height[b] && a < b)
  }

  #settle(slot: number): void {
    const level = this.#heap[slot]!
    let at = slot
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#lower(level, this.#heap[parent]!)) break
      this.#move(this.#heap[parent]!, at)
      at = parent
    }
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#levels) break
      if (child + 1 < this.#levels && this.#lower(this.#heap[child + 1]!, this.#heap[child]!)) child++
      if (!this.#lower(this.#heap[child]!, level)) break
      this.#move(this.#heap[child]!, at)
      at = child
    }
    this.#move(level, at)
  }
}
