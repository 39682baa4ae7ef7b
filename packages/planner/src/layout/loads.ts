/** A number for each moment, to which ranges add, and of which ranges ask the largest: a segment tree, without recursion. */
export class Loads {
  readonly #width: number
  /** Of each node: the largest below it, what was added to it as a whole within; the moment of that; what was added. */
  readonly #most: Float64Array
  readonly #at: Int32Array
  readonly #added: Float64Array
  /** What `find` found: the largest value, and the first moment that has it. */
  value = 0
  moment = 0

  constructor(count: number) {
    let width = 4
    while (width < count + 2) width *= 2
    this.#width = width
    this.#most = new Float64Array(2 * width)
    this.#at = new Int32Array(2 * width)
    this.#added = new Float64Array(2 * width)
    // One leaf is left free at either end, so that every range has a neighbour on both sides.
    for (let i = 0; i < width; i++) this.#at[width + i] = i - 1
  }

  /** Starts again from these values. */
  set(values: ArrayLike<number>, count: number): void {
    const width = this.#width
    this.#most.fill(0, width)
    for (let i = 0; i < count; i++) this.#most[width + 1 + i] = values[i]!
    this.#added.fill(0)
    for (let u = width - 1; u >= 1; u--) this.#pull(u)
  }

  #pull(u: number): void {
    const side = this.#most[2 * u + 1]! > this.#most[2 * u]! ? 2 * u + 1 : 2 * u
    this.#most[u] = this.#most[side]! + this.#added[u]!
    this.#at[u] = this.#at[side]!
  }

  /** Adds to the moments from ≤ m < to. */
  add(from: number, to: number, value: number): void {
    let l = from + this.#width
    let r = to + 1 + this.#width
    for (; (l ^ r) !== 1; l >>= 1, r >>= 1) {
      if ((l & 1) === 0) this.#addTo(l + 1, value)
      if ((r & 1) === 1) this.#addTo(r - 1, value)
      this.#pull(l >> 1)
      this.#pull(r >> 1)
    }
    for (l >>= 1; l >= 1; l >>= 1) this.#pull(l)
  }

  #addTo(u: number, value: number): void {
    this.#most[u]! += value
    this.#added[u]! += value
  }

  /** Sets `value` to the largest of the moments from ≤ m < to, and `moment`. */
  find(from: number, to: number): void {
    let l = from + this.#width
    let r = to + 1 + this.#width
    let [left, right] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
    let [leftAt, rightAt] = [-1, -1]
    for (; (l ^ r) !== 1; l >>= 1, r >>= 1) {
      if ((l & 1) === 0 && this.#most[l + 1]! > left) {
        left = this.#most[l + 1]!
        leftAt = this.#at[l + 1]!
      }
      if ((r & 1) === 1 && this.#most[r - 1]! >= right) {
        right = this.#most[r - 1]!
        rightAt = this.#at[r - 1]!
      }
      left += this.#added[l >> 1]!
      right += this.#added[r >> 1]!
    }
    let above = 0
    for (l >>= 1; l >= 1; l >>= 1) above += this.#added[l]!
    this.moment = right > left ? rightAt : leftAt
    this.value = Math.max(left, right) + above
  }
}
