/**
 * Bytes alive by stage: a segment tree of sums over ranges with the maximum on top (range addition without pushing down).
 * Bytes are whole numbers, so that what is added and taken back leaves no trace.
 */
export class Profile {
  readonly length: number
  /** Sum of all entries: how much is kept alive, for how long. */
  area = 0
  readonly #leaves: number
  /** Largest entry below a node, additions at its ancestors left out. */
  readonly #most: Float64Array
  readonly #added: Float64Array
  readonly #open = new Int32Array(128)
  readonly #above = new Float64Array(128)
  /** While additions are gathered: what each entry has more than the one before it. */
  #gathered: Float64Array | undefined

  constructor(length: number) {
    this.length = length
    let leaves = 1
    while (leaves < length) leaves *= 2
    this.#leaves = leaves
    this.#most = new Float64Array(2 * leaves)
    this.#added = new Float64Array(leaves)
    const most = this.#most
    most.fill(Number.NEGATIVE_INFINITY, leaves + length)
    for (let p = leaves - 1; p > 0; p--) most[p] = Math.max(most[2 * p]!, most[2 * p + 1]!)
  }

  get peak(): number {
    return this.#most[1]!
  }

  /** The first entry that is as large as any. */
  get peakAt(): number {
    const most = this.#most
    let p = 1
    while (p < this.#leaves) p = most[2 * p]! >= most[2 * p + 1]! ? 2 * p : 2 * p + 1
    return p - this.#leaves
  }

  /** Adds to entries `from` to `to`, both included; nothing if there are none. */
  add(from: number, to: number, bytes: number): void {
    if (to < from || bytes === 0) return
    const [leaves, most, added] = [this.#leaves, this.#most, this.#added]
    this.area += bytes * (to - from + 1)
    if (this.#gathered !== undefined) {
      this.#gathered[from]! += bytes
      this.#gathered[to + 1]! -= bytes
      return
    }
    let l = from + leaves
    let r = to + leaves + 1
    const [left, right] = [l, r - 1]
    for (; l < r; l >>= 1, r >>= 1) {
      if ((l & 1) === 1) {
        most[l]! += bytes
        if (l < leaves) added[l]! += bytes
        l++
      }
      if ((r & 1) === 1) {
        r--
        most[r]! += bytes
        if (r < leaves) added[r]! += bytes
      }
    }
    this.#lift(left)
    if (right !== left) this.#lift(right)
  }

  /** Makes many additions at once, to a profile that has had none. What it holds is known afterwards. */
  gather(additions: () => void): void {
    const [most, leaves, length] = [this.#most, this.#leaves, this.length]
    const gathered = new Float64Array(length + 1)
    this.#gathered = gathered
    additions()
    this.#gathered = undefined
    for (let i = 0, bytes = 0; i < length; i++) {
      bytes += gathered[i]!
      most[leaves + i] = bytes
    }
    for (let p = leaves - 1; p > 0; p--) most[p] = Math.max(most[2 * p]!, most[2 * p + 1]!)
  }

  #lift(leaf: number): void {
    const [most, added] = [this.#most, this.#added]
    for (let p = leaf >> 1; p > 0; p >>= 1) {
      most[p] = Math.max(most[2 * p]!, most[2 * p + 1]!) + added[p]!
    }
  }

  at(i: number): number {
    let p = i + this.#leaves
    let bytes = this.#most[p]!
    for (p >>= 1; p > 0; p >>= 1) bytes += this.#added[p]!
    return bytes
  }

  /** Whether some entry from `from` to `to`, both included, is above `target`. */
  exceeds(target: number, from: number, to: number): boolean {
    return from <= to && this.#exceeds(target, from, to, 1, 0, this.#leaves - 1)
  }

  /** Within a node that spans the entries `first` to `last`; `target` less what its ancestors add. */
  #exceeds(target: number, from: number, to: number, p: number, first: number, last: number): boolean {
    if (to < first || last < from || this.#most[p]! <= target) return false
    if (from <= first && last <= to) return true
    const [left, middle] = [target - this.#added[p]!, (first + last) >> 1]
    return (
      this.#exceeds(left, from, to, 2 * p, first, middle) ||
      this.#exceeds(left, from, to, 2 * p + 1, middle + 1, last)
    )
  }

  /** Calls `visit` with each entry above `target`. */
  over(target: number, visit: (i: number, bytes: number) => void): void {
    const [most, added, leaves, open, above] = [
      this.#most,
      this.#added,
      this.#leaves,
      this.#open,
      this.#above,
    ]
    // Each open node with what its ancestors add.
    let count = 0
    open[count] = 1
    above[count++] = 0
    while (count > 0) {
      const p = open[--count]!
      const plus = above[count]!
      if (most[p]! + plus <= target) continue
      if (p >= leaves) {
        visit(p - leaves, most[p]! + plus)
        continue
      }
      const inner = plus + added[p]!
      open[count] = 2 * p
      above[count++] = inner
      open[count] = 2 * p + 1
      above[count++] = inner
    }
  }
}
