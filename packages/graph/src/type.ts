import { type DType, dtypeBytes } from './dtype.ts'

export type Shape = readonly number[]

/** What a value is: `f32[64,10]`. */
export interface Type {
  readonly dtype: DType
  readonly shape: Shape
}

export function typeOf(dtype: DType, shape: Shape): Type {
  return { dtype, shape }
}

/** `f32(64, 10)` is the type `f32[64,10]`; `f32()` is a scalar. */
export const f32 = (...shape: number[]): Type => ({ dtype: 'f32', shape })
export const f64 = (...shape: number[]): Type => ({ dtype: 'f64', shape })
export const i32 = (...shape: number[]): Type => ({ dtype: 'i32', shape })
export const u32 = (...shape: number[]): Type => ({ dtype: 'u32', shape })
export const u8 = (...shape: number[]): Type => ({ dtype: 'u8', shape })
export const bool = (...shape: number[]): Type => ({ dtype: 'bool', shape })

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let n = 1
  for (const d of shape) n *= d
  return n
}

/** Bytes of a dense value of this type. */
export function bytesOf(type: Type): number {
  return sizeOf(type.shape) * dtypeBytes(type.dtype)
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let s = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = s
    s *= shape[i] as number
  }
  return strides
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i])
}

export function sameType(a: Type, b: Type): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape)
}

/** `f32[64,10]`. */
export function showType(type: Type): string {
  return `${type.dtype}[${type.shape.join(',')}]`
}
