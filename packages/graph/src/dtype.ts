/** Element types. `bool` is stored as one byte, 0 or 1. */
export type DType = 'f32' | 'f64' | 'i32' | 'u32' | 'u8' | 'bool'

/** The array that holds elements of any dtype. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array

interface DTypeInfo {
  /** Bytes an element. */
  readonly bytes: number
  readonly kind: 'float' | 'int' | 'bool'
  readonly view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray
}

const info: { readonly [D in DType]: DTypeInfo } = {
  f32: { bytes: 4, kind: 'float', view: (b, o, n) => new Float32Array(b, o, n) },
  f64: { bytes: 8, kind: 'float', view: (b, o, n) => new Float64Array(b, o, n) },
  i32: { bytes: 4, kind: 'int', view: (b, o, n) => new Int32Array(b, o, n) },
  u32: { bytes: 4, kind: 'int', view: (b, o, n) => new Uint32Array(b, o, n) },
  u8: { bytes: 1, kind: 'int', view: (b, o, n) => new Uint8Array(b, o, n) },
  bool: { bytes: 1, kind: 'bool', view: (b, o, n) => new Uint8Array(b, o, n) },
}

/** Every dtype, widest float first. */
export const dtypes: readonly DType[] = Object.keys(info) as DType[]

/** Bytes of one element. */
export function dtypeBytes(dtype: DType): number {
  return info[dtype].bytes
}

export function isFloat(dtype: DType): boolean {
  return info[dtype].kind === 'float'
}

export function isInteger(dtype: DType): boolean {
  return info[dtype].kind === 'int'
}

export function isDType(text: unknown): text is DType {
  return typeof text === 'string' && Object.hasOwn(info, text)
}

/** A typed array over `length` elements of `buffer` from `byteOffset`, without a copy. */
export function viewOf(
  dtype: DType,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): TypedArray {
  return info[dtype].view(buffer, byteOffset, length)
}

/** A zeroed typed array of `length` elements. */
export function allocate(dtype: DType, length: number): TypedArray {
  return viewOf(dtype, new ArrayBuffer(length * dtypeBytes(dtype)), 0, length)
}
