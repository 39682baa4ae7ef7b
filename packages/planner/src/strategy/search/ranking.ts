/** Numbers 0, 1, … with a worth each, the largest first: a binary heap in flat arrays, filled once and then emptied. */
export class Ranking {
  readonly #worth: Float64Array
  readonly #heap: Int32Array
  #count = 0

  constructor(most: number) {
    this.#worth = new Float64Array(most)
    this.#heap = new Int32Array(most)
  }

  clear(): void {
    this.#count = 0
  }

  /** Before `order`: the next number. */
  add(worth: number): void {
    this.#worth[this.#count] = worth
    this.#heap[this.#count] = this.#count++
  }

  order(): void {
    for (let at = (this.#count >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  /** The largest worth that is left; −∞ if there is none. */
  get most(): number {
    return this.#count === 0 ? Number.NEGATIVE_INFINITY : this.#worth[this.#heap[0]!]!
  }

  /** Takes out the number of largest worth, of several the least. */
  pop(): number {
    const top = this.#heap[0]!
    this.#heap[0] = this.#heap[--this.#count]!
    this.#sink(0)
    return top
  }

  #sink(start: number): void {
    const [heap, count] = [this.#heap, this.#count]
    const moved = heap[start]!
    let at = start
    for (let child = 2 * at + 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && this.#before(heap[child + 1]!, heap[child]!)) child++
      if (!this.#before(heap[child]!, moved)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = moved
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#worth[a]!, this.#worth[b]!]
    return x > y || (x === y && a < b)
  }
}
