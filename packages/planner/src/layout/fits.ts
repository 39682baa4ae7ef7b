import type { Instance } from './instance.ts'

/**
 * Blocks that are not placed yet, by priority: which is the first of those that live within some moments? A segment tree
 * over the blocks in order of their first moment; each node knows the best block below it and when the blocks end.
 */
export class Fits {
  readonly #instance: Instance
  readonly #width: number
  /** Blocks by first moment; where each stands; how many start before each moment. */
  readonly #order: Int32Array
  readonly #place: Int32Array
  readonly #before: Int32Array
  #priority: Float64Array = new Float64Array(0)
  readonly #best: Int32Array
  readonly #earliest: Int32Array
  readonly #latest: Int32Array
  /** Nodes visited so far: a measure of the work. */
  visits = 0
  #found = -1
  #low = 0
  #high = 0
  #last = 0
  #over = 0

  constructor(instance: Instance) {
    const { count, moments, from } = instance
    this.#instance = instance
    this.#width = 1
    while (this.#width < count) this.#width *= 2
    this.#order = Int32Array.from(from.keys()).sort((a, b) => from[a]! - from[b]! || a - b)
    this.#place = new Int32Array(count)
    this.#before = new Int32Array(moments + 1)
    for (let j = 0; j < count; j++) {
      this.#place[this.#order[j]!] = j
      this.#before[from[this.#order[j]!]! + 1]!++
    }
    for (let m = 1; m <= moments; m++) this.#before[m]! += this.#before[m - 1]!
    this.#best = new Int32Array(2 * this.#width)
    this.#earliest = new Int32Array(2 * this.#width)
    this.#latest = new Int32Array(2 * this.#width)
  }

  /** Starts again with all blocks. */
  reset(priority: Float64Array): void {
    const width = this.#width
    const { count, to } = this.#instance
    this.#priority = priority
    for (let j = 0; j < width; j++) {
      if (j < count) {
        this.#best[width + j] = this.#order[j]!
        this.#earliest[width + j] = to[this.#order[j]!]!
        this.#latest[width + j] = to[this.#order[j]!]!
      } else this.#clear(width + j)
    }
    for (let u = width - 1; u >= 1; u--) this.#pull(u)
    this.visits += width >> 2
  }

  #clear(u: number): void {
    this.#best[u] = -1
    this.#earliest[u] = 0x7fffffff
    this.#latest[u] = -1
  }

  #pull(u: number): void {
    const [l, r] = [2 * u, 2 * u + 1]
    this.#best[u] = this.#best[this.#rightFirst(u) ? r : l]!
    this.#earliest[u] = Math.min(this.#earliest[l]!, this.#earliest[r]!)
    this.#latest[u] = Math.max(this.#latest[l]!, this.#latest[r]!)
  }

  #rightFirst(u: number): boolean {
    const l = this.#best[2 * u]!
    const r = this.#best[2 * u + 1]!
    return l < 0 || (r >= 0 && this.#priority[r]! > this.#priority[l]!)
  }

  remove(block: number): void {
    let u = this.#width + this.#place[block]!
    this.#clear(u)
    for (u >>= 1; u >= 1; u >>= 1) this.#pull(u)
  }

  has(block: number): boolean {
    return this.#best[this.#width + this.#place[block]!]! >= 0
  }

  /** The block of highest priority that lives within from ≤ m < to, and at moment `over` unless that is −1; or −1. */
  find(from: number, to: number, over: number): number {
    this.#found = -1
    this.#low = this.#before[from]!
    this.#high = this.#before[over < 0 ? to : over + 1]!
    this.#last = to - 1
    this.#over = over
    if (this.#low < this.#high) this.#visit(1, 0, this.#width)
    return this.#found
  }

  #visit(u: number, low: number, high: number): void {
    this.visits++
    const block = this.#best[u]!
    if (block < 0 || high <= this.#low || low >= this.#high) return
    if (this.#earliest[u]! > this.#last || this.#latest[u]! < this.#over) return
    if (this.#found >= 0 && this.#priority[block]! <= this.#priority[this.#found]!) return
    const end = this.#instance.to[block]!
    if (this.#low <= low && high <= this.#high && end <= this.#last && end >= this.#over) {
      this.#found = block
      return
    }
    if (u >= this.#width) return
    const middle = (low + high) >> 1
    if (this.#rightFirst(u)) {
      this.#visit(2 * u + 1, middle, high)
      this.#visit(2 * u, low, middle)
    } else {
      this.#visit(2 * u, low, middle)
      this.#visit(2 * u + 1, middle, high)
    }
  }
}
