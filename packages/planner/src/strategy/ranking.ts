/** Numbers 0, 1, … as they are pushed, with a worth each, the largest on top: a binary heap in flat arrays, for there can be many. */
export class Ranking {
  #worth: Float64Array
  #heap: Int32Array
  #pushed = 0
  #count = 0

  constructor(most: number) {
    this.#worth = new Float64Array(most + 1)
    this.#heap = new Int32Array(most + 1)
  }

  clear(): void {
    this.#pushed = 0
    this.#count = 0
  }

  /** The worth of the top; −∞ if nothing is left. */
  get most(): number {
    return this.#count === 0 ? Number.NEGATIVE_INFINITY : this.#worth[this.#heap[0]!]!
  }

  /** Takes the next number. */
  push(worth: number): void {
    if (this.#pushed === this.#worth.length) this.#grow()
    const [heap, worths] = [this.#heap, this.#worth]
    const number = this.#pushed++
    worths[number] = worth
    let at = this.#count++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (worth <= worths[heap[parent]!]!) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = number
  }

  /** Takes the top out; −1 if nothing is left. */
  pop(): number {
    if (this.#count === 0) return -1
    const [heap, worths] = [this.#heap, this.#worth]
    const top = heap[0]!
    const count = --this.#count
    const last = heap[count]!
    const worth = worths[last]!
    let at = 0
    for (let child = 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && worths[heap[child + 1]!]! > worths[heap[child]!]!) child++
      if (worths[heap[child]!]! <= worth) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return top
  }

  #grow(): void {
    const worth = new Float64Array(2 * this.#worth.length)
    worth.set(this.#worth)
    const heap = new Int32Array(worth.length)
    heap.set(this.#heap)
    this.#worth = worth
    this.#heap = heap
  }
}
