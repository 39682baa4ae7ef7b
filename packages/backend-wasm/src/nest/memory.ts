import { type DType, dtypeBytes } from '@stint/graph'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { constI32, type Lanes, type Vector } from './vector.ts'

/** Where four elements lie: the first at `push`ed address + `offset`, the others `step` bytes apart. */
export interface Place {
  /** Pushes an address. */
  readonly push: () => void
  /** Not below 0. */
  readonly offset: number
  readonly step: number
}

/** Loads elements of the dtype into new locals. For 'same' the step is 0, for 'one' it does not matter. */
export function loadVector(
  f: FunctionBuilder,
  dtype: DType,
  place: Place,
  lanes: Lanes,
  own: () => Local,
): Vector {
  const { push, offset, step } = place
  const bytes = dtypeBytes(dtype)
  const keep = (): Local => {
    const local = own()
    f.set(local)
    return local
  }
  if (lanes !== 'four' || step === 0) {
    push()
    splat(f, dtype, offset)
    const part = keep()
    return { dtype, parts: dtype === 'f64' ? [part, part] : [part] }
  }
  if (dtype === 'f64') {
    const parts = [0, 1].map(part => {
      pair(f, { push, offset: offset + 2 * part * step, step })
      return keep()
    })
    return { dtype, parts }
  }
  if (step === bytes) {
    push()
    contiguous(f, dtype, offset)
  } else if (step === -4 && bytes === 4) {
    push()
    f.i32(-12).op('i32.add').mem('v128.load', offset)
    return { dtype, parts: [reversed(f, keep)] }
  } else strided(f, dtype, place)
  return { dtype, parts: [keep()] }
}

function reversed(f: FunctionBuilder, keep: () => Local): Local {
  const local = keep()
  f.get(local).get(local).shuffle32([3, 2, 1, 0]).set(local)
  return local
}

function splat(f: FunctionBuilder, dtype: DType, offset: number): void {
  if (dtype === 'f64') f.mem('v128.load64_splat', offset)
  else if (dtypeBytes(dtype) === 4) f.mem('v128.load32_splat', offset)
  else {
    f.mem('i32.load8_u', offset).op('i32x4.splat')
    if (dtype === 'bool') f.get(constI32(f, 0)).op('i32x4.ne')
  }
}

function contiguous(f: FunctionBuilder, dtype: DType, offset: number): void {
  if (dtypeBytes(dtype) === 4) {
    f.mem('v128.load', offset)
    return
  }
  f.mem('v128.load32_zero', offset).op('i16x8.extend_low_i8x16_u').op('i32x4.extend_low_i16x8_u')
  if (dtype === 'bool') f.get(constI32(f, 0)).op('i32x4.ne')
}

/** Pushes the address of element `k`; what is left for the instruction's own offset comes back. */
function element(f: FunctionBuilder, { push, offset, step }: Place, k: number): number {
  push()
  const at = offset + k * step
  if (at >= 0) return at
  f.i32(at).op('i32.add')
  return 0
}

/** Two f64. */
function pair(f: FunctionBuilder, place: Place): void {
  if (place.step === 8) {
    place.push()
    f.mem('v128.load', place.offset)
    return
  }
  const first = element(f, place, 0)
  f.mem('v128.load64_zero', first)
  const vector = f.local('v128')
  f.set(vector)
  const second = element(f, place, 1)
  f.get(vector).laneMem('v128.load64_lane', 1, second).release(vector)
}

function strided(f: FunctionBuilder, dtype: DType, place: Place): void {
  const first = element(f, place, 0)
  if (dtypeBytes(dtype) === 4) {
    const vector = f.local('v128')
    f.mem('v128.load32_zero', first).set(vector)
    for (let k = 1; k < 4; k++) {
      const at = element(f, place, k)
      f.get(vector).laneMem('v128.load32_lane', k, at).set(vector)
    }
    f.get(vector).release(vector)
    return
  }
  f.mem('i32.load8_u', first).op('i32x4.splat')
  for (let k = 1; k < 4; k++) {
    const at = element(f, place, k)
    f.mem('i32.load8_u', at).lane('i32x4.replace_lane', k)
  }
  if (dtype === 'bool') f.get(constI32(f, 0)).op('i32x4.ne')
}

/** Stores elements; for 'one' the first alone. */
export function storeVector(f: FunctionBuilder, { dtype, parts }: Vector, place: Place, lanes: Lanes): void {
  const { push, offset, step } = place
  const bytes = dtypeBytes(dtype)
  const [a, b] = parts as [Local, Local]
  if (lanes === 'one') {
    push()
    if (dtype === 'f64') f.get(a).laneMem('v128.store64_lane', 0, offset)
    else if (bytes === 4) f.get(a).laneMem('v128.store32_lane', 0, offset)
    else {
      narrowed(f, dtype, a)
      f.laneMem('v128.store8_lane', 0, offset)
    }
  } else if (step !== bytes) scatter(f, { dtype, parts }, place)
  else if (dtype === 'f64') {
    push()
    f.get(a).mem('v128.store', offset)
    push()
    f.get(b).mem('v128.store', offset + 16)
  } else if (bytes === 4) {
    push()
    f.get(a).mem('v128.store', offset)
  } else {
    push()
    narrowed(f, dtype, a)
    f.laneMem('v128.store32_lane', 0, offset)
  }
}

/** Pushes four bytes in the lowest lane. */
function narrowed(f: FunctionBuilder, dtype: DType, a: Local): void {
  f.get(a)
  if (dtype === 'bool') f.get(constI32(f, 1)).op('v128.and')
  f.get(a).op('i16x8.narrow_i32x4_s').get(a).op('i8x16.narrow_i16x8_u')
}

function scatter(f: FunctionBuilder, { dtype, parts }: Vector, place: Place): void {
  for (let k = 0; k < 4; k++) {
    const at = element(f, place, k)
    if (dtype === 'f64') f.get(parts[k >> 1]!).laneMem('v128.store64_lane', k & 1, at)
    else if (dtypeBytes(dtype) === 4) f.get(parts[0]!).laneMem('v128.store32_lane', k, at)
    else {
      narrowed(f, dtype, parts[0]!)
      f.laneMem('v128.store8_lane', k, at)
    }
  }
}
