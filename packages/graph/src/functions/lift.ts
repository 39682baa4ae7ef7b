import type { DType } from '../dtype.ts'
import { isFloat } from '../dtype.ts'
import { DTypeError, ShapeError, TraceError } from '../errors.ts'
import type { OpName } from '../ops/index.ts'
import { current, emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import { type Shape, sameShape, showType } from '../type.ts'

/** A traced value, or a number that takes the dtype of what it meets. */
export type Operand = Value | number | boolean

export function isValue(x: unknown): x is Value {
  return typeof x === 'object' && x !== null && 'builder' in x && 'id' in x
}

/** The shape that both shapes repeat to, right-aligned as in NumPy; null if there is none. */
export function broadcastShapes(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length)
  const shape: number[] = []
  for (let i = 0; i < rank; i++) {
    const p = a[a.length - rank + i] ?? 1
    const q = b[b.length - rank + i] ?? 1
    if (p !== q && p !== 1 && q !== 1) return null
    shape.push(p === 1 ? q : p)
  }
  return shape
}

/** `x` repeated to `shape`, right-aligned. */
export function broadcastTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x
  const shift = shape.length - x.shape.length
  if (shift < 0)
    throw new ShapeError('a value cannot be repeated to fewer axes', {
      op: 'broadcast',
      expected: `at least ${x.shape.length} axes`,
      got: `[${shape.join(',')}]`,
      site: current().scopes.site(),
    })
  return emit('broadcast', { shape, axes: x.shape.map((_, i) => i + shift) }, x)
}

/** A value that repeats one number, which takes no memory. */
export function full(value: number | boolean, dtype: DType, shape: Shape = []): Value {
  return emit('full', { value: Number(value), dtype, shape })
}

/** The shape that all the values repeat to. Throws ShapeError where there is none. */
export function commonShape(op: OpName, values: readonly Value[]): Shape {
  const [first, ...rest] = values as [Value, ...Value[]]
  return rest.reduce<Shape>((shape, v) => {
    const both = broadcastShapes(shape, v.shape)
    if (both === null)
      throw new ShapeError('operands cannot be broadcast together', {
        op,
        expected: `[${shape.join(',')}] or a shape that repeats to it`,
        got: showType(v.type),
        hint: 'Axes align from the right; sizes must be equal or 1.',
        site: current().scopes.site(),
      })
    return both
  }, first.shape)
}

/** Emits an elementwise op after bringing numbers to the dtype, and values to the shape, of the others. */
export function elementwise(op: OpName, ...operands: Operand[]): Value {
  const values = operands.filter(isValue)
  const [like] = values
  if (like === undefined)
    throw new TraceError('an op on numbers alone', {
      op,
      hint: 'Compute it in plain JavaScript, or start from full().',
    })
  const shape = commonShape(op, values)
  return emit(
    op,
    {},
    ...operands.map(x => (isValue(x) ? broadcastTo(x, shape) : literal(op, x, like.dtype, shape))),
  )
}

/** A number as a value of `dtype`. Throws DTypeError where an integer would lose its fraction. */
export function literal(op: OpName, x: number | boolean, dtype: DType, shape: Shape): Value {
  if (!isFloat(dtype) && !Number.isInteger(Number(x)))
    throw new DTypeError('a fraction meets integers', {
      op,
      expected: dtype,
      got: String(x),
      hint: "Convert with cast('f32') first.",
      site: current().scopes.site(),
    })
  return full(x, dtype, shape)
}
