import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'

/** Steps through memory along one logical axis; the stride is in bytes and may be zero or negative. */
export interface Axis {
  readonly size: number
  readonly stride: number
}

/** Merges neighbouring axes that are walked with one stride, and drops those of size 1. */
export function merged(axes: readonly Axis[]): Axis[] {
  const list: Axis[] = []
  for (const axis of axes) {
    if (axis.size === 1) continue
    const last = list[list.length - 1]
    if (last !== undefined && last.stride === axis.stride * axis.size)
      list[list.length - 1] = { size: last.size * axis.size, stride: axis.stride }
    else list.push(axis)
  }
  return list
}

/** Adds a constant to the i32 on the stack. */
export function plus(f: FunctionBuilder, by: number): FunctionBuilder {
  return by === 0 ? f : f.i32(by).op('i32.add')
}

/** Multiplies the i32 on the stack by a constant. */
export function times(f: FunctionBuilder, by: number): FunctionBuilder {
  if (by === 1) return f
  const log = Math.log2(by)
  return Number.isInteger(log) ? f.i32(log).op('i32.shl') : f.i32(by).op('i32.mul')
}

/** Adds to the i32 on the stack where the row-major index `flat` over `axes` lies. */
export function plusIndex(f: FunctionBuilder, flat: Local, axes: readonly Axis[]): FunctionBuilder {
  let inner = 1
  for (let i = axes.length - 1; i >= 0; i--) {
    const { size, stride } = axes[i]!
    if (size > 1 && stride !== 0) {
      f.get(flat)
      if (inner > 1) f.i32(inner).op('i32.div_u')
      if (i > 0) f.i32(size).op('i32.rem_u')
      times(f, stride).op('i32.add')
    }
    inner *= size
  }
  return f
}

/** Runs the body for `index` = from, from + step … below `to`; `to` and, if given, `from` are locals left alone. */
export function forRange(
  f: FunctionBuilder,
  index: Local,
  to: Local | number,
  body: () => void,
  { from = 0, step = 1 }: { readonly from?: Local | number; readonly step?: number } = {},
): FunctionBuilder {
  push(f, from).set(index)
  const once = typeof from === 'number' && typeof to === 'number' && from < to && from + step >= to
  if (once) {
    body()
    return f
  }
  return f.block(done => {
    if (typeof from !== 'number' || typeof to !== 'number' || from >= to) {
      f.get(index)
      push(f, to).op('i32.ge_s').brIf(done)
    }
    f.loop(next => {
      body()
      f.get(index).i32(step).op('i32.add').tee(index)
      push(f, to).op('i32.lt_s').brIf(next)
    })
  })
}

function push(f: FunctionBuilder, value: Local | number): FunctionBuilder {
  return typeof value === 'number' ? f.i32(value) : f.get(value)
}

/** local = the lesser of itself and a constant or another local. */
export function cap(f: FunctionBuilder, local: Local, limit: Local | number): FunctionBuilder {
  push(f.get(local), limit).get(local)
  return push(f, limit).op('i32.lt_s').op('select').set(local)
}

/** to = the lesser of `chunk` and what is left of `total` from `start` on. */
export function least(f: FunctionBuilder, total: number, start: Local, chunk: number, to: Local): void {
  if (chunk >= total) f.i32(total).set(to)
  else cap(f.i32(total).get(start).op('i32.sub').set(to), to, chunk)
}

/** Runs the body for this part's share of so many items: the same items in the same order for any number of parts. */
export function eachItem(
  { f, part, parts }: Pick<PhaseBuilder, 'f' | 'part' | 'parts'>,
  items: number,
  body: (item: Local) => void,
): void {
  const [item, end] = [f.local('i32'), f.local('i32')]
  f.get(part).i32(items).op('i32.mul').get(parts).op('i32.div_u').set(item)
  f.get(part).i32(1).op('i32.add').i32(items).op('i32.mul').get(parts).op('i32.div_u').set(end)
  forRange(f, item, end, () => body(item), { from: item })
  f.release(item, end)
}

/** So many new i32 locals. */
export function locals<N extends number>(f: FunctionBuilder, count: N): LocalTuple<N> {
  return Array.from({ length: count }, () => f.local('i32')) as unknown as LocalTuple<N>
}

type LocalTuple<N extends number, T extends readonly Local[] = readonly []> = T['length'] extends N
  ? T
  : LocalTuple<N, readonly [...T, Local]>

/** Runs `body` for each index over `axes`, with the locals `at` moved along: nested loops of constant length. */
export function nested(
  f: FunctionBuilder,
  sizes: readonly number[],
  moves: readonly { readonly at: Local; readonly strides: readonly number[] }[],
  body: () => void,
): void {
  if (sizes.length === 0) {
    body()
    return
  }
  const [size, ...rest] = sizes as [number, ...number[]]
  const inner = (): void =>
    nested(
      f,
      rest,
      moves.map(m => ({ at: m.at, strides: m.strides.slice(1) })),
      body,
    )
  const count = f.local('i32')
  f.i32(size).set(count)
  f.loop(next => {
    inner()
    // The inner loops have moved the locals on by their own lengths.
    for (const { at, strides } of moves) {
      const walked = rest[0] === undefined ? 0 : rest[0] * strides[1]!
      f.increment(at, strides[0]! - walked)
    }
    f.get(count).i32(1).op('i32.sub').tee(count).brIf(next)
  })
  f.release(count)
}
