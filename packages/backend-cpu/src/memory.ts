import { type DType, StintError, type TypedArray } from '@stint/graph'

/** Bytes of a page, to which an arena is rounded up. */
const pageBytes = 65536

/** Kernels compute places in 32-bit integers, bytes included. */
const mostBytes = 2 ** 31 - pageBytes

/** One block of bytes with a view of each kind over the whole of it: kernels index into these, and make no others. */
export class Memory {
  readonly buffer: ArrayBuffer
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly u8: Uint8Array

  constructor(bytes: number) {
    if (!(bytes <= mostBytes))
      throw new StintError('ARENA', 'the arena is too large for this backend', {
        expected: `at most ${mostBytes} bytes`,
        got: String(bytes),
      })
    this.buffer = new ArrayBuffer(Math.max(1, Math.ceil(bytes / pageBytes)) * pageBytes)
    this.f32 = new Float32Array(this.buffer)
    this.f64 = new Float64Array(this.buffer)
    this.i32 = new Int32Array(this.buffer)
    this.u32 = new Uint32Array(this.buffer)
    this.u8 = new Uint8Array(this.buffer)
  }

  view(dtype: DType): TypedArray {
    return dtype === 'bool' ? this.u8 : this[dtype]
  }
}
