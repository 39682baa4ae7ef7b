import type { DType, TypedArray } from '@stint/graph'

/** Bytes of a page, to which an arena is rounded up. */
export const pageBytes = 65536

/** One block of bytes with a view of each kind over the whole of it: kernels index into these, and make no others. */
export class Memory {
  readonly buffer: ArrayBuffer
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly u8: Uint8Array

  constructor(bytes: number) {
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
