import type { DType } from '@stint/graph'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { constF32, constF64, constI32, type Vector } from './vector.ts'

/** Pushes part `part` of `x` as elements of dtype `to`: as a store in a typed array converts; to bool is `x ≠ 0`. */
export function castPart(f: FunctionBuilder, x: Vector, to: DType, part: number): void {
  const [a, b] = x.parts as [Local, Local | undefined]
  const from = x.dtype
  if (from === to) {
    f.get(x.parts[part]!)
    return
  }
  if (to === 'f32') toF32(f, from, a, b)
  else if (to === 'f64') toF64(f, from, a, part)
  else if (to === 'bool') notZero(f, from, a, b)
  else {
    if (from === 'f32') wrapF32(f, a)
    else if (from === 'f64') wrapF64(f, a, b!)
    else if (from === 'bool') f.get(a).get(constI32(f, 1)).op('v128.and')
    else f.get(a)
    if (to === 'u8' && from !== 'bool') f.get(constI32(f, 255)).op('v128.and')
  }
}

function toF32(f: FunctionBuilder, from: DType, a: Local, b: Local | undefined): void {
  if (from === 'f64') {
    f.get(a).op('f32x4.demote_f64x2_zero')
    f.get(b!).op('f32x4.demote_f64x2_zero').shuffle32([0, 1, 4, 5])
  } else if (from === 'bool') f.get(a).get(constF32(f, 1)).op('v128.and')
  else f.get(a).op(from === 'u32' ? 'f32x4.convert_i32x4_u' : 'f32x4.convert_i32x4_s')
}

function toF64(f: FunctionBuilder, from: DType, a: Local, part: number): void {
  f.get(a)
  if (part === 1) f.get(a).shuffle32([2, 3, 2, 3])
  if (from === 'bool') f.get(constI32(f, 1)).op('v128.and')
  if (from === 'f32') f.op('f64x2.promote_low_f32x4')
  else f.op(from === 'u32' ? 'f64x2.convert_low_i32x4_u' : 'f64x2.convert_low_i32x4_s')
}

function notZero(f: FunctionBuilder, from: DType, a: Local, b: Local | undefined): void {
  if (from === 'f64') {
    f.get(a).get(constF64(f, 0)).op('f64x2.ne')
    f.get(b!).get(constF64(f, 0)).op('f64x2.ne').shuffle32([0, 2, 4, 6])
  } else if (from === 'f32') f.get(a).get(constF32(f, 0)).op('f32x4.ne')
  else f.get(a).get(constI32(f, 0)).op('i32x4.ne')
}

/** Truncates, then wraps modulo 2³²; NaN and ±∞ become 0. Below 2³¹ in size the conversion itself does. */
function wrapF32(f: FunctionBuilder, x: Local): void {
  const size = 2 ** 32
  f.get(x).op('i32x4.trunc_sat_f32x4_s')
  // x − ⌊x / 2³²⌋ 2³² is exact from 2³¹ on: a multiple of the spacing there, with 24 bits at most.
  f.get(x)
    .get(x)
    .get(constF32(f, 1 / size))
    .op('f32x4.mul')
    .op('f32x4.floor')
  f.get(constF32(f, size)).op('f32x4.mul').op('f32x4.sub').op('i32x4.trunc_sat_f32x4_u')
  f.get(x)
    .op('f32x4.abs')
    .get(constF32(f, 2 ** 31))
    .op('f32x4.lt')
    .op('v128.bitselect')
}

function wrapF64(f: FunctionBuilder, a: Local, b: Local): void {
  const size = 2 ** 32
  const y = f.local('v128')
  for (const x of [a, b]) {
    f.get(x).op('f64x2.trunc').tee(y)
    f.get(y)
      .get(constF64(f, 1 / size))
      .op('f64x2.mul')
      .op('f64x2.floor')
    f.get(constF64(f, size)).op('f64x2.mul').op('f64x2.sub').op('i32x4.trunc_sat_f64x2_u_zero')
  }
  f.shuffle32([0, 1, 4, 5]).release(y)
}
