/** A set of bytes of an arena. */
export class ByteSet {
  readonly #bits: Uint8Array

  constructor(length: number) {
    this.#bits = new Uint8Array(length)
  }

  add(start: number, end: number): void {
    this.#bits.fill(1, start, end)
  }

  delete(start: number, end: number): void {
    this.#bits.fill(0, start, end)
  }

  has(byte: number): boolean {
    return this.#bits[byte] === 1
  }

  /** The first byte of [start, end) that is not in the set, or −1. */
  firstMissing(start: number, end: number): number {
    const at = this.#bits.subarray(start, end).indexOf(0)
    return at < 0 ? -1 : start + at
  }
}
