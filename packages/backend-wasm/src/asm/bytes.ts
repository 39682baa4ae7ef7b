/** A growing list of bytes with the variable-length integers (LEB128) of the WebAssembly binary format. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(256)
  #length = 0

  get length(): number {
    return this.#length
  }

  byte(value: number): this {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
    return this
  }

  bytes(values: ArrayLike<number>): this {
    this.#reserve(values.length)
    this.#bytes.set(values, this.#length)
    this.#length += values.length
    return this
  }

  /** Unsigned LEB128, below 2^32. */
  u32(value: number): this {
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    return this.byte(rest)
  }

  /** Signed LEB128 of 32 bits; values of 2^31 and above stand for their bits. */
  s32(value: number): this {
    let rest = value | 0
    for (;;) {
      const low = rest & 0x7f
      rest >>= 7
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return this.byte(low)
      this.byte(low | 0x80)
    }
  }

  /** Signed LEB128 of 64 bits. */
  s64(value: bigint): this {
    let rest = BigInt.asIntN(64, value)
    for (;;) {
      const low = Number(rest & 0x7fn)
      rest >>= 7n
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) return this.byte(low)
      this.byte(low | 0x80)
    }
  }

  f32(value: number): this {
    return this.bytes(new Uint8Array(new Float32Array([value]).buffer))
  }

  f64(value: number): this {
    return this.bytes(new Uint8Array(new Float64Array([value]).buffer))
  }

  /** Length in bytes, then UTF-8. */
  name(text: string): this {
    const encoded = new TextEncoder().encode(text)
    return this.u32(encoded.length).bytes(encoded)
  }

  /** The length of `body` in bytes, then the body. */
  sized(body: ByteWriter): this {
    return this.u32(body.length).bytes(body.finish())
  }

  /** What was written; valid until the next write. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length) as Uint8Array<ArrayBuffer>
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
