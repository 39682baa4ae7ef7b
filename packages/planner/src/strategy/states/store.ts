/** States by number, each a row of words, found again by content; and a queue of them by key. */
export class Store {
  readonly width: number
  count = 0
  rows: Int32Array
  /** Least cost at which each was reached, the state before, and the task that was run (−1 at the start). */
  cost: Float64Array
  from: Int32Array
  task: Int32Array
  #slots: Int32Array

  constructor(width: number) {
    this.width = width
    this.rows = new Int32Array(1024 * width)
    this.cost = new Float64Array(1024)
    this.from = new Int32Array(1024)
    this.task = new Int32Array(1024)
    this.#slots = new Int32Array(4096).fill(-1)
  }

  /** The number of a row, −1 if it is new. */
  find(row: Int32Array): number {
    return this.#slots[this.#slotOf(row, 0)]!
  }

  /** Adds a row that is not there. */
  add(row: Int32Array): number {
    if (this.count === this.cost.length) this.#grow()
    const id = this.count++
    this.rows.set(row, id * this.width)
    this.#slots[this.#slotOf(row, 0)] = id
    return id
  }

  #slotOf(row: Int32Array, at: number): number {
    const { width, rows } = this
    const mask = this.#slots.length - 1
    let hash = 0
    for (let i = 0; i < width; i++) hash = Math.imul(hash ^ row[at + i]!, 0x9e3779b1) ^ (hash >>> 15)
    for (let slot = (hash ^ (hash >>> 13)) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]!
      if (id < 0) return slot
      let same = true
      for (let i = 0; same && i < width; i++) same = rows[id * width + i] === row[at + i]
      if (same) return slot
    }
  }

  #grow(): void {
    const room = 2 * this.cost.length
    const larger = <T extends Int32Array | Float64Array>(to: T, old: T): T => {
      to.set(old)
      return to
    }
    this.rows = larger(new Int32Array(room * this.width), this.rows)
    this.cost = larger(new Float64Array(room), this.cost)
    this.from = larger(new Int32Array(room), this.from)
    this.task = larger(new Int32Array(room), this.task)
    this.#slots = new Int32Array(4 * room).fill(-1)
    for (let id = 0; id < this.count; id++) this.#slots[this.#slotOf(this.rows, id * this.width)] = id
  }
}

/** A binary heap of numbers by key, ties by a second key. */
export class Queue {
  #items: Int32Array = new Int32Array(1024)
  #keys: Float64Array = new Float64Array(1024)
  #ties: Float64Array = new Float64Array(1024)
  size = 0
  /** Of the item popped last. */
  key = 0

  push(item: number, key: number, tie: number): void {
    if (this.size === this.#items.length) {
      const [items, keys, ties] = [this.#items, this.#keys, this.#ties]
      this.#items = new Int32Array(2 * items.length)
      this.#keys = new Float64Array(2 * items.length)
      this.#ties = new Float64Array(2 * items.length)
      this.#items.set(items)
      this.#keys.set(keys)
      this.#ties.set(ties)
    }
    let i = this.size++
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.#before(key, tie, parent)) break
      this.#copy(parent, i)
      i = parent
    }
    this.#put(i, item, key, tie)
  }

  /** The item of least key; −∞ if there is none. */
  pop(): number {
    if (this.size === 0) return Number.NEGATIVE_INFINITY
    const item = this.#items[0]!
    this.key = this.#keys[0]!
    const end = --this.size
    const [last, key, tie] = [this.#items[end]!, this.#keys[end]!, this.#ties[end]!]
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= end) break
      if (child + 1 < end && this.#before(this.#keys[child + 1]!, this.#ties[child + 1]!, child)) child++
      if (this.#before(key, tie, child)) break
      this.#copy(child, i)
      i = child
    }
    this.#put(i, last, key, tie)
    return item
  }

  #before(key: number, tie: number, other: number): boolean {
    return key < this.#keys[other]! || (key === this.#keys[other]! && tie < this.#ties[other]!)
  }

  #copy(from: number, to: number): void {
    this.#put(to, this.#items[from]!, this.#keys[from]!, this.#ties[from]!)
  }

  #put(i: number, item: number, key: number, tie: number): void {
    this.#items[i] = item
    this.#keys[i] = key
    this.#ties[i] = tie
  }
}
