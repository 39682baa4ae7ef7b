import type { OpName } from '../ops/index.ts'
import { emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import { sizeOf } from '../type.ts'
import { sub } from './elementwise.ts'
import { normalAxes, pad, reshape, slice, transpose } from './movement.ts'

export type Axes = number | readonly number[]

function reduce(op: OpName, x: Value, axes: Axes | undefined, keepDims: boolean): Value {
  const over = normalAxes(axes, x.shape.length)
  const reduced = over.length === 0 ? x : emit(op, { axes: over }, x)
  return keepDims
    ? reshape(
        reduced,
        x.shape.map((d, a) => (over.includes(a) ? 1 : d)),
      )
    : reduced
}

/** Sum over `axes` (all where none is named); they disappear, or keep size 1 with `keepDims`. */
export const sum = (x: Value, axes?: Axes, keepDims = false): Value => reduce('sum', x, axes, keepDims)
export const max = (x: Value, axes?: Axes, keepDims = false): Value => reduce('max', x, axes, keepDims)
export const min = (x: Value, axes?: Axes, keepDims = false): Value => reduce('min', x, axes, keepDims)

export function mean(x: Value, axes?: Axes, keepDims = false): Value {
  const n = sizeOf(normalAxes(axes, x.shape.length).map(a => x.shape[a] as number))
  return sum(x, axes, keepDims).div(n)
}

/** Mean squared deviation; `correction` 1 divides by n − 1. Two passes: the mean first. */
export function variance(x: Value, axes?: Axes, keepDims = false, correction = 0): Value {
  const n = sizeOf(normalAxes(axes, x.shape.length).map(a => x.shape[a] as number))
  return sub(x, mean(x, axes, true))
    .square()
    .sum(axes, keepDims)
    .div(n - correction)
}

/** The square root of the variance. */
export const std = (x: Value, axes?: Axes, keepDims = false, correction = 0): Value =>
  variance(x, axes, keepDims, correction).sqrt()

/** √Σ x², with derivative 0 where all elements are 0. */
export function norm(x: Value, axes?: Axes, keepDims = false): Value {
  const total = sum(x.square(), axes, keepDims)
  const none = total.eq(0)
  return none.where(0, none.where(1, total).sqrt())
}

/** Product over `axes`, by halves, so that elements that are zero have a derivative, too. */
export function prod(x: Value, axes?: Axes, keepDims = false): Value {
  const over = normalAxes(axes, x.shape.length)
  const kept = x.shape.map((_, a) => a).filter(a => !over.includes(a))
  const outer = kept.map(a => x.shape[a] as number)
  let n = sizeOf(over.map(a => x.shape[a] as number))
  let y = reshape(transpose(x, [...kept, ...over]), [...outer, n])
  const along = (k: number) => [...outer.map(() => 0), k]
  if (n === 0) y = pad(y, along(0), along(1), 1)
  while (n > 1) {
    const half = Math.ceil(n / 2)
    const second = pad(slice(y, along(half)), along(0), along(2 * half - n), 1)
    y = slice(y, along(0), [...outer, half]).mul(second)
    n = half
  }
  const shape = keepDims ? x.shape.map((d, a) => (over.includes(a) ? 1 : d)) : outer
  return reshape(y, shape)
}

/** log Σ exp(x), through the largest element so that nothing overflows. */
export function logSumExp(x: Value, axes?: Axes, keepDims = false): Value {
  const top = max(x, axes, true).stopGradient()
  const peak = top.abs().lt(Number.POSITIVE_INFINITY).where(top, 0)
  const total = sub(x, peak).exp().sum(axes, true).log().add(peak)
  return keepDims
    ? total
    : reshape(
        total,
        x.shape.filter((_, a) => !normalAxes(axes, x.shape.length).includes(a)),
      )
}

/** eˣ / Σ eˣ along `axis`. */
export function softmax(x: Value, axis: Axes = -1): Value {
  const e = sub(x, max(x, axis, true).stopGradient()).exp()
  return e.div(e.sum(axis, true))
}

/** x − log Σ eˣ along `axis`. */
export function logSoftmax(x: Value, axis: Axes = -1): Value {
  const shifted = sub(x, max(x, axis, true).stopGradient())
  return shifted.sub(shifted.exp().sum(axis, true).log())
}
