import type { DType } from '@stint/graph'
import type { FunctionBuilder, Local } from '../asm/index.ts'

/**
 * Four neighbouring elements in registers. f64 takes two (elements 0 and 1, then 2 and 3), every other dtype one: f32
 * as such, i32 and u32 as such, u8 widened to 32 bits, bool as 32 bits of ones or zeros.
 */
export interface Vector {
  readonly dtype: DType
  readonly parts: readonly Local[]
}

/**
 * How many of the four elements count: all, the first alone, or all because they are known to be the same. Vectors of
 * one element are computed by the same instructions, so that an element's bits do not depend on its place.
 */
export type Lanes = 'four' | 'one' | 'same'

export function partsOf(dtype: DType): number {
  return dtype === 'f64' ? 2 : 1
}

/** A constant in all lanes, set once a function. */
export function constF32(f: FunctionBuilder, value: number): Local {
  return f.kept(`f32x4 ${show(value)}`, 'v128', () => f.f32x4(value))
}

export function constF64(f: FunctionBuilder, value: number): Local {
  return f.kept(`f64x2 ${show(value)}`, 'v128', () => f.f64x2(value))
}

export function constI32(f: FunctionBuilder, value: number): Local {
  return f.kept(`i32x4 ${value | 0}`, 'v128', () => f.i32x4(value))
}

/** What an element of the dtype holds of `value`, in all lanes. */
export function constant(f: FunctionBuilder, dtype: DType, value: number): Vector {
  if (dtype === 'f32') return { dtype, parts: [constF32(f, value)] }
  if (dtype === 'f64') {
    const part = constF64(f, value)
    return { dtype, parts: [part, part] }
  }
  const bits = dtype === 'bool' ? (value === 0 ? 0 : -1) : dtype === 'u8' ? value & 255 : value | 0
  return { dtype, parts: [constI32(f, bits)] }
}

function show(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}
