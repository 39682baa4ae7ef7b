import type { DType } from '../dtype.ts'
import { emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import { broadcastTo, commonShape, elementwise, isValue, literal, type Operand } from './lift.ts'

export const add = (a: Operand, b: Operand): Value => elementwise('add', a, b)
export const sub = (a: Operand, b: Operand): Value => elementwise('sub', a, b)
export const mul = (a: Operand, b: Operand): Value => elementwise('mul', a, b)
export const div = (a: Operand, b: Operand): Value => elementwise('div', a, b)
/** The larger; half of the gradient to each at a tie. */
export const maximum = (a: Operand, b: Operand): Value => elementwise('maximum', a, b)
export const minimum = (a: Operand, b: Operand): Value => elementwise('minimum', a, b)
export const pow = (a: Operand, b: Operand): Value => elementwise('pow', a, b)
export const atan2 = (a: Operand, b: Operand): Value => elementwise('atan2', a, b)

export const eq = (a: Operand, b: Operand): Value => elementwise('eq', a, b)
export const ne = (a: Operand, b: Operand): Value => elementwise('ne', a, b)
export const lt = (a: Operand, b: Operand): Value => elementwise('lt', a, b)
export const le = (a: Operand, b: Operand): Value => elementwise('le', a, b)
export const gt = (a: Operand, b: Operand): Value => elementwise('lt', b, a)
export const ge = (a: Operand, b: Operand): Value => elementwise('le', b, a)
export const and = (a: Operand, b: Operand): Value => elementwise('and', a, b)
export const or = (a: Operand, b: Operand): Value => elementwise('or', a, b)
export const not = (x: Value): Value => emit('not', {}, x)

export const neg = (x: Value): Value => emit('neg', {}, x)
export const abs = (x: Value): Value => emit('abs', {}, x)
export const sign = (x: Value): Value => emit('sign', {}, x)
export const exp = (x: Value): Value => emit('exp', {}, x)
export const expm1 = (x: Value): Value => emit('expm1', {}, x)
export const log = (x: Value): Value => emit('log', {}, x)
export const log1p = (x: Value): Value => emit('log1p', {}, x)
export const sqrt = (x: Value): Value => emit('sqrt', {}, x)
export const rsqrt = (x: Value): Value => emit('rsqrt', {}, x)
export const reciprocal = (x: Value): Value => emit('reciprocal', {}, x)
export const square = (x: Value): Value => emit('square', {}, x)
export const sin = (x: Value): Value => emit('sin', {}, x)
export const cos = (x: Value): Value => emit('cos', {}, x)
export const tanh = (x: Value): Value => emit('tanh', {}, x)
export const sigmoid = (x: Value): Value => emit('sigmoid', {}, x)
export const relu = (x: Value): Value => emit('relu', {}, x)
export const erf = (x: Value): Value => emit('erf', {}, x)
export const floor = (x: Value): Value => emit('floor', {}, x)
export const ceil = (x: Value): Value => emit('ceil', {}, x)
/** To the nearest whole number, halves to even. */
export const round = (x: Value): Value => emit('round', {}, x)

/** The identity, through which no derivative passes. */
export const stopGradient = (x: Value): Value => emit('stopGradient', {}, x)

/** Converts to another dtype: float to integer truncates towards zero, to bool is `x ≠ 0`. */
export const cast = (x: Value, dtype: DType): Value => (x.dtype === dtype ? x : emit('cast', { dtype }, x))

/** `a` where `condition` holds, else `b`; broadcasts all three. Two numbers make an f32. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const shape = commonShape('where', [condition, a, b].filter(isValue))
  const dtype = isValue(a) ? a.dtype : isValue(b) ? b.dtype : 'f32'
  const side = (x: Operand) => (isValue(x) ? broadcastTo(x, shape) : literal('where', x, dtype, shape))
  return emit('where', {}, broadcastTo(condition, shape), side(a), side(b))
}
