import type { TypedArray } from '../dtype.ts'
import type { Attrs } from '../graph.ts'
import { type Shape, sizeOf, type Type } from '../type.ts'

/** A value with its numbers, row-major. */
export interface Dense {
  readonly type: Type
  readonly data: TypedArray
}

// A method, not a function-typed property: see OpDef.
/** How one op is evaluated: writes every element of `out`, which is zeroed and has type `type`. */
export interface Rule<A extends Attrs = Attrs> {
  run(inputs: readonly Dense[], out: TypedArray, attrs: A, type: Type): void
}

/** The number that an element of `type` holds after `x` is stored; the typed array itself rounds, truncates or wraps. */
export function stored(x: number, type: Type): number {
  return type.dtype === 'bool' ? Number(x !== 0) : x
}

/** Visits every index of `shape` in row-major order. The array is the same each time. */
export function eachIndex(shape: Shape, visit: (index: readonly number[], flat: number) => void): void {
  const index = shape.map(() => 0)
  const size = sizeOf(shape)
  for (let flat = 0; flat < size; flat++) {
    visit(index, flat)
    for (let a = shape.length - 1; a >= 0; a--) {
      const next = (index[a] as number) + 1
      index[a] = next === shape[a] ? 0 : next
      if (next !== shape[a]) break
    }
  }
}

/** Row-major position of an index, given strides. */
export function position(index: readonly number[], strides: readonly number[]): number {
  let at = 0
  for (let a = 0; a < index.length; a++) at += (index[a] as number) * (strides[a] as number)
  return at
}
