/** Whole random numbers below 2³² from a seed (mulberry32): the same everywhere. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    return this.next() % n
  }

  /** In [0, 1). */
  unit(): number {
    return this.next() / 4294967296
  }
}
