import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { Lanes } from './vector.ts'

/** Pushes f applied lane by lane to f32 vectors, in f64: for what has no vector code. `f` finds its arguments pushed. */
export function eachF32(b: FunctionBuilder, lanes: Lanes, args: readonly Local[], f: () => void): void {
  const lane = (l: number): void => {
    for (const arg of args) b.get(arg).lane('f32x4.extract_lane', l).op('f64.promote_f32')
    f()
    b.op('f32.demote_f64')
  }
  lane(0)
  b.op('f32x4.splat')
  if (lanes !== 'four') return
  for (let l = 1; l < 4; l++) {
    lane(l)
    b.lane('f32x4.replace_lane', l)
  }
}

/** The same for one part of f64 vectors. */
export function eachF64(b: FunctionBuilder, lanes: Lanes, args: readonly Local[], f: () => void): void {
  const lane = (l: number): void => {
    for (const arg of args) b.get(arg).lane('f64x2.extract_lane', l)
    f()
  }
  lane(0)
  b.op('f64x2.splat')
  if (lanes !== 'four') return
  lane(1)
  b.lane('f64x2.replace_lane', 1)
}

/** The same for vectors of 32-bit integers. */
export function eachI32(b: FunctionBuilder, lanes: Lanes, args: readonly Local[], f: () => void): void {
  const lane = (l: number): void => {
    for (const arg of args) b.get(arg).lane('i32x4.extract_lane', l)
    f()
  }
  lane(0)
  b.op('i32x4.splat')
  if (lanes !== 'four') return
  for (let l = 1; l < 4; l++) {
    lane(l)
    b.lane('i32x4.replace_lane', l)
  }
}
