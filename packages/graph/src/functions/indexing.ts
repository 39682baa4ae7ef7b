import { type DType, isFloat } from '../dtype.ts'
import { ShapeError } from '../errors.ts'
import { current, emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import { showType, sizeOf, stridesOf } from '../type.ts'
import { iota } from './generator.ts'
import { flatten, moveAxis, normalAxis, reshape } from './movement.ts'
import { max, min } from './reduction.ts'

/** Rows of a table: `x [V, ...R]`, `idx [...I]` (i32) → `[...I, ...R]`; a row of zeros where the index is out of range. */
export const gather = (x: Value, idx: Value): Value => emit('gather', {}, x, idx)

/** Sums of updates by row: `idx [...I]` (i32), `updates [...I, ...R]` → `[rows, ...R]`; out of range is dropped. */
export const scatterAdd = (idx: Value, updates: Value, rows: number): Value =>
  emit('scatterAdd', { rows }, idx, updates)

/** The slices of `axis` that `idx [I]` (i32) names, in its order. */
export function take(x: Value, idx: Value, axis: number): Value {
  const a = normalAxis(axis, x.shape.length)
  if (idx.shape.length !== 1)
    throw new ShapeError('the indices are not a list', {
      op: 'take',
      expected: 'i32[I]',
      got: showType(idx.type),
      site: current().scopes.site(),
    })
  return moveAxis(gather(moveAxis(x, a, 0), idx), 0, a)
}

/** Element `[…, idx[…, i, …], …]`, the index along `axis`: the shape of `idx`, which has as many axes as `x`. */
export function takeAlong(x: Value, idx: Value, axis: number): Value {
  return gather(flatten(x), flatIndex(x.shape, idx, axis))
}

/** `x` with the updates added at the places that `takeAlong` reads. */
export function scatterAddAlong(x: Value, idx: Value, updates: Value, axis: number): Value {
  const sums = scatterAdd(flatten(flatIndex(x.shape, idx, axis)), flatten(updates), sizeOf(x.shape))
  return x.add(reshape(sums, x.shape))
}

/** The row-major index of each place, −1 where the index along `axis` is out of range. */
function flatIndex(shape: readonly number[], idx: Value, axis: number): Value {
  const a = normalAxis(axis, shape.length)
  if (idx.shape.length !== shape.length || idx.shape.some((d, i) => i !== a && d > (shape[i] as number)))
    throw new ShapeError('the indices do not fit', {
      op: 'takeAlong',
      expected: `${shape.length} axes, none but ${a} longer than in [${shape.join(',')}]`,
      got: showType(idx.type),
      site: current().scopes.site(),
    })
  let flat = idx.mul(stridesOf(shape)[a] as number)
  for (const [i, stride] of stridesOf(shape).entries())
    if (i !== a && idx.shape[i] !== 1) flat = flat.add(iota(idx.shape, i).mul(stride))
  return idx
    .ge(0)
    .and(idx.lt(shape[a] as number))
    .where(flat, -1)
}

/** 1 at the index, 0 elsewhere: `idx [...I]` → `[...I, classes]`. */
export function oneHot(idx: Value, classes: number, dtype: DType = 'f32'): Value {
  const shape = [...idx.shape, classes]
  return reshape(idx, [...idx.shape, 1])
    .eq(iota(shape, -1, idx.dtype))
    .cast(dtype)
}

/** Index of the first largest element (or the first NaN) along `axis`, or of all elements in row-major order; i32. */
export const argMax = (x: Value, axis?: number, keepDims = false): Value => argExtreme(max, x, axis, keepDims)
/** Index of the first smallest element (or the first NaN) along `axis`, or of all elements in row-major order; i32. */
export const argMin = (x: Value, axis?: number, keepDims = false): Value => argExtreme(min, x, axis, keepDims)

function argExtreme(extreme: typeof max, x: Value, axis: number | undefined, keepDims: boolean): Value {
  if (axis === undefined) {
    const index = argExtreme(extreme, flatten(x), 0, false)
    return keepDims
      ? reshape(
          index,
          x.shape.map(() => 1),
        )
      : index
  }
  const a = normalAxis(axis, x.shape.length)
  const equal = x.eq(extreme(x, a, true))
  const here = isFloat(x.dtype) ? equal.or(x.ne(x)) : equal
  return min(here.where(iota(x.shape, a), x.shape[a] as number), a, keepDims)
}
