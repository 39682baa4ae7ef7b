import { AttrError, ShapeError } from '../errors.ts'
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

/** Axis `from` at place `to`, the others in their order. */
export function moveAxis(x: Value, from: number, to: number): Value {
  const rank = x.shape.length
  const a = normalAxis(from, rank)
  const perm = x.shape.map((_, i) => i).filter(i => i !== a)
  perm.splice(normalAxis(to, rank), 0, a)
  return transpose(x, perm)
}

/** Two axes exchanged. */
export function swapAxes(x: Value, one: number, other: number): Value {
  const rank = x.shape.length
  const [a, b] = [normalAxis(one, rank), normalAxis(other, rank)]
  return transpose(
    x,
    x.shape.map((_, i) => (i === a ? b : i === b ? a : i)),
  )
}

/** Values of one shape side by side along a new axis. */
export function stack(values: readonly Value[], axis = 0): Value {
  return concat(
    values.map(v => expandDims(v, axis)),
    axis,
  )
}

/** Pieces of the given sizes along `axis`, or as many equal pieces. Throws ShapeError where they do not fill it. */
export function split(x: Value, sizes: number | readonly number[], axis = 0): Value[] {
  const a = normalAxis(axis, x.shape.length)
  const total = x.shape[a] as number
  const list = typeof sizes === 'number' ? Array.from({ length: sizes }, () => total / sizes) : sizes
  if (list.some(n => !Number.isInteger(n) || n < 0) || list.reduce((s, n) => s + n, 0) !== total)
    throw new ShapeError('the pieces do not fill the axis', {
      op: 'split',
      expected: typeof sizes === 'number' ? `a divisor of ${total}` : `sizes that add up to ${total}`,
      got: JSON.stringify(sizes),
      site: current().scopes.site(),
    })
  let at = 0
  return list.map(n => {
    const start = at
    at += n
    return range(x, a, start, at)
  })
}

/** Elements `start` to `stop` of one axis. */
function range(x: Value, axis: number, start: number, stop: number): Value {
  return slice(
    x,
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((d, i) => (i === axis ? stop : d)),
  )
}

/** Elements moved `shift` places along `axis`; what leaves at one end enters at the other. */
export function roll(x: Value, shift: number, axis: number): Value {
  const a = normalAxis(axis, x.shape.length)
  const n = x.shape[a] as number
  const by = n === 0 ? 0 : ((shift % n) + n) % n
  return by === 0 ? x : concat([range(x, a, n - by, n), range(x, a, 0, n - by)], a)
}

/** The whole repeated `repeats[a]` times along each axis; new leading axes where there are more repeats than axes. */
export function tile(x: Value, repeats: readonly number[]): Value {
  const rank = Math.max(repeats.length, x.shape.length)
  const times = [...Array.from({ length: rank - repeats.length }, () => 1), ...repeats]
  const shape = [...Array.from({ length: rank - x.shape.length }, () => 1), ...x.shape]
  const grown = broadcastAxes(
    reshape(x, shape),
    shape.flatMap((d, i) => [times[i] as number, d]),
    shape.map((_, i) => 2 * i + 1),
  )
  return reshape(
    grown,
    shape.map((d, i) => d * (times[i] as number)),
  )
}

/** The main diagonal of the last two axes: `[..., R, C]` → `[..., min(R, C)]`. */
export function diagonal(x: Value): Value {
  const [rows, columns] = x.shape.slice(-2)
  if (rows === undefined || columns === undefined)
    throw new ShapeError('has no diagonal', {
      op: 'diagonal',
      expected: 'at least two axes',
      got: showType(x.type),
      site: current().scopes.site(),
    })
  const flat = flatten(x, -2)
  const outer = x.shape.slice(0, -2)
  const stop = Math.max(0, Math.min(rows, columns) * (columns + 1) - columns)
  const none = outer.map(() => 0)
  return slice(flat, [...none, 0], [...outer, stop], [...outer.map(() => 1), columns + 1])
}
