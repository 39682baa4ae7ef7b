/** Small random numbers from a seed, the same on every engine: a counter through the finalizer of MurmurHash3. */
export class Random {
  #counter: number

  constructor(seed: number) {
    this.#counter = Math.imul(seed ^ 0x2545f491, 0x9e3779b1)
  }

  /** 32 random bits. */
  bits(): number {
    this.#counter = (this.#counter + 0x9e3779b9) | 0
    let h = this.#counter
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return (h ^ (h >>> 16)) >>> 0
  }

  /** A whole number from `least` to `most`. */
  int(least: number, most: number): number {
    return least + (this.bits() % (most - least + 1))
  }

  /** A number in [low, high). */
  float(low: number, high: number): number {
    return low + (this.bits() / 2 ** 32) * (high - low)
  }

  chance(probability: number): boolean {
    return this.bits() < probability * 2 ** 32
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T
  }

  shuffle<T>(list: readonly T[]): T[] {
    const rest = [...list]
    return list.map(() => rest.splice(this.int(0, rest.length - 1), 1)[0] as T)
  }
}
