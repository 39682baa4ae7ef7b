import type { DType } from '@stint/graph'
import type { FunctionBuilder, Local, MemoryOp, PlainOp } from '../asm/index.ts'

/** Vectors of one float dtype: the instructions that products and sums are made of. */
export interface Lane {
  readonly dtype: 'f32' | 'f64'
  /** Bytes an element. */
  readonly bytes: 4 | 8
  /** Elements a vector. */
  readonly count: 4 | 2
  readonly load: MemoryOp
  readonly store: MemoryOp
  readonly splatLoad: MemoryOp
  readonly add: PlainOp
  readonly mul: PlainOp
  readonly madd: PlainOp
}

const f32: Lane = {
  dtype: 'f32',
  bytes: 4,
  count: 4,
  load: 'f32.load',
  store: 'f32.store',
  splatLoad: 'v128.load32_splat',
  add: 'f32x4.add',
  mul: 'f32x4.mul',
  madd: 'f32x4.relaxed_madd',
}

const f64: Lane = {
  dtype: 'f64',
  bytes: 8,
  count: 2,
  load: 'f64.load',
  store: 'f64.store',
  splatLoad: 'v128.load64_splat',
  add: 'f64x2.add',
  mul: 'f64x2.mul',
  madd: 'f64x2.relaxed_madd',
}

/** The lanes of a float dtype. Throws RangeError for any other. */
export function laneOf(dtype: DType): Lane {
  if (dtype === 'f32') return f32
  if (dtype === 'f64') return f64
  throw new RangeError(`no float lanes of ${dtype}`)
}

/** Pushes where x exceeds y: NaN exceeds every number, and nothing exceeds NaN. */
export function exceeds(f: FunctionBuilder, lane: Lane, x: Local, y: Local): FunctionBuilder {
  const type = lane.dtype === 'f32' ? 'f32x4' : 'f64x2'
  f.get(y)
    .get(y)
    .op(`${type}.eq` as PlainOp)
  return f
    .get(x)
    .get(y)
    .op(`${type}.le` as PlainOp)
    .op('v128.andnot')
}
