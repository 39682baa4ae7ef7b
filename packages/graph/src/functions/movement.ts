import { AttrError } from '../errors.ts'
import { current, emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import { type Shape, sameShape, showType, sizeOf } from '../type.ts'

/** `axis` counted from the end where negative. Throws AttrError beyond the rank. */
export function normalAxis(axis: number, rank: number): number {
  const a = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(a) || a < 0 || a >= rank)
    throw new AttrError('the axis does not exist', {
      expected: rank === 0 ? 'no axis: the value is a scalar' : `a whole number from ${-rank} to ${rank - 1}`,
      got: String(axis),
      site: current().scopes.site(),
    })
  return a
}

/** The axes named, none for all, increasing. */
export function normalAxes(axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i)
  const list = (typeof axes === 'number' ? [axes] : [...axes]).map(a => normalAxis(a, rank))
  if (new Set(list).size !== list.length)
    throw new AttrError('an axis is named twice', {
      got: `[${list.join(',')}]`,
      site: current().scopes.site(),
    })
  return list.sort((a, b) => a - b)
}

/** The same elements under another shape; one size may be −1 and follows from the others. */
export function reshape(x: Value, shape: Shape): Value {
  const open = shape.indexOf(-1)
  const known = sizeOf(shape.filter(d => d !== -1))
  const to =
    open < 0 ? shape : shape.map((d, i) => (i === open ? (known === 0 ? 0 : sizeOf(x.shape) / known) : d))
  if (to.some(d => !Number.isInteger(d)))
    throw new AttrError('the open size is not whole', {
      op: 'reshape',
      expected: `a divisor of ${sizeOf(x.shape)}, as in ${showType(x.type)}`,
      got: `[${shape.join(',')}]`,
      site: current().scopes.site(),
    })
  return sameShape(x.shape, to) ? x : emit('reshape', { shape: to }, x)
}

/** Axis `i` of the result is axis `perm[i]`; without `perm` the axes are reversed. */
export function transpose(x: Value, perm?: readonly number[]): Value {
  const order =
    perm === undefined
      ? x.shape.map((_, i) => x.shape.length - 1 - i)
      : perm.map(a => normalAxis(a, x.shape.length))
  return order.every((a, i) => a === i) && order.length === x.shape.length
    ? x
    : emit('transpose', { perm: order }, x)
}

/** Repeated to `shape`, axis `i` of `x` becoming axis `axes[i]`. */
export function broadcastAxes(x: Value, shape: Shape, axes: readonly number[]): Value {
  return sameShape(x.shape, shape) ? x : emit('broadcast', { shape, axes }, x)
}

/** Elements `start[a]`, `start[a] + step[a]` … below `stop[a]` of each axis; negative bounds count from the end. */
export function slice(
  x: Value,
  start: readonly number[],
  stop?: readonly number[],
  step?: readonly number[],
): Value {
  const bound = (b: number | undefined, d: number, otherwise: number) =>
    b === undefined ? otherwise : Math.min(d, Math.max(0, b < 0 ? b + d : b))
  const from = x.shape.map((d, a) => bound(start[a], d, 0))
  const until = x.shape.map((d, a) => Math.max(from[a] as number, bound(stop?.[a], d, d)))
  const by = x.shape.map((_, a) => step?.[a] ?? 1)
  const whole = x.shape.every((d, a) => from[a] === 0 && until[a] === d && by[a] === 1)
  return whole ? x : emit('slice', { start: from, stop: until, step: by }, x)
}

/** `before[a]` and `after[a]` copies of `value` around each axis. */
export function pad(x: Value, before: readonly number[], after: readonly number[], value = 0): Value {
  return [...before, ...after].every(n => n === 0) ? x : emit('pad', { before, after, value }, x)
}

export function flip(x: Value, axes?: number | readonly number[]): Value {
  return emit('flip', { axes: normalAxes(axes, x.shape.length) }, x)
}

/** Values one after the other along `axis`. */
export function concat(values: readonly Value[], axis = 0): Value {
  const [first] = values
  if (first === undefined)
    throw new AttrError('nothing to concatenate', { op: 'concat', expected: 'at least one value' })
  return values.length === 1
    ? first
    : emit('concat', { axis: normalAxis(axis, first.shape.length) }, ...values)
}

/** A new axis of size 1 at `axis` of the result. */
export function expandDims(x: Value, axis: number): Value {
  const a = normalAxis(axis, x.shape.length + 1)
  return reshape(x, [...x.shape.slice(0, a), 1, ...x.shape.slice(a)])
}

/** Without the named axes, which have size 1; without all such axes where none is named. */
export function squeeze(x: Value, axes?: number | readonly number[]): Value {
  const gone =
    axes === undefined
      ? x.shape.map((_, a) => a).filter(a => x.shape[a] === 1)
      : normalAxes(axes, x.shape.length)
  return reshape(
    x,
    x.shape.filter((_, a) => !gone.includes(a)),
  )
}

/** All axes from `from` on as one. */
export function flatten(x: Value, from = 0): Value {
  const a = x.shape.length === 0 ? 0 : normalAxis(from, x.shape.length)
  return reshape(x, [...x.shape.slice(0, a), sizeOf(x.shape.slice(a))])
}
