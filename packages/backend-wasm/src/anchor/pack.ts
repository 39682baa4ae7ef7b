import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { type Axis, locals, nested } from './emit.ts'
import type { Lane } from './lane.ts'

/**
 * Packing copies what a tile reads into the order in which it reads it. Every packer is a helper
 * (to, from, k) → () for `k` ≥ 1 steps along the innermost deep axis, or, with several deep axes, for all of them.
 */
const params = ['i32', 'i32', 'i32'] as const

/** Columns of the right operand, `width` of them in `vectors` vectors a step; what lies beyond them becomes zero. */
export interface Panel {
  readonly lane: Lane
  readonly vectors: number
  readonly width: number
  /** From column to column, in bytes. */
  readonly column: number
  readonly deep: readonly Axis[]
}

/** The packer of a panel. */
export function panelPacker(b: PhaseBuilder, panel: Panel): number {
  const { lane, column, deep } = panel
  const inner = deep[deep.length - 1]!
  const kind =
    column === lane.bytes
      ? 'rows'
      : lane.dtype === 'f32' && inner.stride === lane.bytes && column >= 0
        ? 'transposed'
        : 'single'
  const axes = deep.map(a => `${a.size}:${a.stride}`).join(',')
  const key = `panel ${kind} ${lane.dtype} ${panel.vectors} ${panel.width} ${column} ${axes}`
  const body = { rows: packRows, transposed: packTransposed, single: packSingle }[kind]
  return b.helper(key, params, [], f => body(f, panel))
}

/** Loads `count` elements (at most a vector), zeros behind them. */
function loadPart(f: FunctionBuilder, lane: Lane, at: Local, offset: number, count: number): void {
  if (count >= lane.count) f.get(at).mem('v128.load', offset)
  else if (lane.dtype === 'f64') f.get(at).mem('v128.load64_zero', offset)
  else if (count === 1) f.get(at).mem('v128.load32_zero', offset)
  else {
    if (count === 3) f.get(at)
    f.get(at).mem('v128.load64_zero', offset)
    if (count === 3) f.laneMem('v128.load32_lane', 2, offset + 8)
  }
}

/** Stores the first `count` elements of a vector. */
export function storePart(
  f: FunctionBuilder,
  lane: Lane,
  at: Local,
  offset: number,
  count: number,
  vector: Local,
): void {
  if (count >= lane.count) f.get(at).get(vector).mem('v128.store', offset)
  else if (lane.dtype === 'f64') f.get(at).get(vector).laneMem('v128.store64_lane', 0, offset)
  else {
    if (count >= 2) f.get(at).get(vector).laneMem('v128.store64_lane', 0, offset)
    if (count !== 2)
      f.get(at)
        .get(vector)
        .laneMem('v128.store32_lane', count - 1, offset + 4 * (count - 1))
  }
}

/**
 * Runs `run` along the last deep axis, `count` steps of it, for each index over the others; `run` moves `from` along.
 */
function walk(
  f: FunctionBuilder,
  deep: readonly Axis[],
  from: Local,
  k: Local,
  run: (count: Local) => void,
): void {
  if (deep.length === 1) {
    run(k)
    return
  }
  const outer = deep.slice(0, -1)
  const [count, start] = locals(f, 2)
  nested(
    f,
    outer.map(a => a.size),
    [{ at: from, strides: outer.map(a => a.stride) }],
    () => {
      f.get(from).set(start)
      f.i32(deep[deep.length - 1]!.size).set(count)
      run(count)
      f.get(start).set(from)
    },
  )
  f.release(count, start)
}

/** Runs `body` once for each step along the deep axes, and moves `to` by `step`. */
function walkDeep(
  f: FunctionBuilder,
  deep: readonly Axis[],
  to: Local,
  from: Local,
  k: Local,
  step: number,
  body: () => void,
): void {
  const { stride } = deep[deep.length - 1]!
  walk(f, deep, from, k, count => {
    f.loop(next => {
      body()
      f.increment(to, step).increment(from, stride)
      f.get(count).i32(1).op('i32.sub').tee(count).brIf(next)
    })
  })
}

/** Neighbouring columns: whole vectors. */
function packRows(f: FunctionBuilder, { lane, vectors, width, deep }: Panel): void {
  const [to, from, k] = f.params as [Local, Local, Local]
  walkDeep(f, deep, to, from, k, 16 * vectors, () => {
    for (let j = 0; j < vectors; j++) {
      f.get(to)
      loadPart(f, lane, from, 16 * j, width - j * lane.count)
      f.mem('v128.store', 16 * j)
    }
  })
}

/** Element by element. */
function packSingle(f: FunctionBuilder, { lane, vectors, width, column, deep }: Panel): void {
  const [to, from, k] = f.params as [Local, Local, Local]
  // Offsets of instructions are not negative: from the last column on, if columns run backwards.
  const least = Math.min(0, column * (width - 1))
  f.increment(from, least)
  walkDeep(f, deep, to, from, k, 16 * vectors, () => {
    for (let j = 0; j < vectors * lane.count; j++) {
      f.get(to)
      if (j < width) f.get(from).mem(lane.load, j * column - least)
      else if (lane.dtype === 'f32') f.f32(0)
      else f.f64(0)
      f.mem(lane.store, j * lane.bytes)
    }
  })
}

/** Columns that each lie in one run along k: four by four, turned in registers; the last few steps one by one. */
function packTransposed(f: FunctionBuilder, panel: Panel): void {
  const { deep, lane, vectors } = panel
  const [to, from, k] = f.params as [Local, Local, Local]
  const inner = deep[deep.length - 1]!
  const step = 16 * vectors
  const run = (count: Local): void => {
    f.block(done => {
      f.get(count).i32(4).op('i32.lt_s').brIf(done)
      f.loop(next => {
        for (let j = 0; j < vectors; j++) turn(f, panel, to, from, j)
        f.increment(to, 4 * step).increment(from, 4 * inner.stride)
        f.get(count).i32(4).op('i32.sub').tee(count).i32(4).op('i32.ge_s').brIf(next)
      })
    })
    f.get(count).if(() => {
      f.loop(next => {
        for (let j = 0; j < vectors * lane.count; j++) {
          f.get(to)
          if (j < panel.width) f.get(from).mem(lane.load, j * panel.column)
          else f.f32(0)
          f.mem(lane.store, j * lane.bytes)
        }
        f.increment(to, step).increment(from, inner.stride)
        f.get(count).i32(1).op('i32.sub').tee(count).brIf(next)
      })
    })
  }
  walk(f, deep, from, k, run)
}

/** Four columns from column 4j, four steps of k each, into four rows of the panel. */
function turn(
  f: FunctionBuilder,
  { width, column, vectors }: Panel,
  to: Local,
  from: Local,
  j: number,
): void {
  const x = [0, 1, 2, 3].map(i => {
    const vector = f.local('v128')
    if (4 * j + i < width) f.get(from).mem('v128.load', (4 * j + i) * column)
    else f.f32x4(0)
    f.set(vector)
    return vector
  }) as [Local, Local, Local, Local]
  transpose4(f, x)
  for (const [i, vector] of x.entries())
    f.get(to)
      .get(vector)
      .mem('v128.store', 16 * (i * vectors + j))
  f.release(...x)
}

/** Turns four vectors of four in place. */
export function transpose4(f: FunctionBuilder, x: readonly [Local, Local, Local, Local]): void {
  const t = [0, 1, 2, 3].map(() => f.local('v128')) as [Local, Local, Local, Local]
  f.get(x[0]).get(x[1]).shuffle32([0, 4, 1, 5]).set(t[0])
  f.get(x[0]).get(x[1]).shuffle32([2, 6, 3, 7]).set(t[1])
  f.get(x[2]).get(x[3]).shuffle32([0, 4, 1, 5]).set(t[2])
  f.get(x[2]).get(x[3]).shuffle32([2, 6, 3, 7]).set(t[3])
  f.get(t[0]).get(t[2]).shuffle32([0, 1, 4, 5]).set(x[0])
  f.get(t[0]).get(t[2]).shuffle32([2, 3, 6, 7]).set(x[1])
  f.get(t[1]).get(t[3]).shuffle32([0, 1, 4, 5]).set(x[2])
  f.get(t[1]).get(t[3]).shuffle32([2, 3, 6, 7]).set(x[3])
  f.release(...t)
}

/** Rows of the left operand, next to each other at each step of k; packed, a step takes `group` elements. */
export interface Group {
  readonly lane: Lane
  readonly rows: number
  readonly group: number
  /** From row to row and from step to step, in bytes. */
  readonly row: number
  readonly step: number
}

/** The packer of a group of rows. */
export function groupPacker(b: PhaseBuilder, { lane, rows, group, row, step }: Group): number {
  return b.helper(`group ${lane.dtype} ${rows} ${group} ${row} ${step}`, params, [], f => {
    const [to, from, k] = f.params as [Local, Local, Local]
    f.loop(next => {
      let i = 0
      if (row === lane.bytes)
        for (; (rows - i) * lane.bytes >= 8; i += 8 / lane.bytes)
          f.get(to)
            .get(from)
            .mem('i64.load', i * row)
            .mem('i64.store', i * lane.bytes)
      for (; i < rows; i++)
        f.get(to)
          .get(from)
          .mem(lane.load, i * row)
          .mem(lane.store, i * lane.bytes)
      f.increment(to, group * lane.bytes).increment(from, step)
      f.get(k).i32(1).op('i32.sub').tee(k).brIf(next)
    })
  })
}

/**
 * The packer of a cache line of rows, in pairs that are `pair` bytes apart: f32 rows side by side, `step` bytes from one
 * step to the next.
 */
export function linePairsPacker(b: PhaseBuilder, step: number, pair: number): number {
  return b.helper(`pairs ${step} ${pair}`, params, [], f => {
    const [to, from, k] = f.params as [Local, Local, Local]
    const vector = f.local('v128')
    f.loop(next => {
      for (let i = 0; i < 4; i++) {
        f.get(from)
          .mem('v128.load', 16 * i)
          .set(vector)
        for (const half of [0, 1])
          f.get(to)
            .get(vector)
            .laneMem('v128.store64_lane', half, (2 * i + half) * pair)
      }
      f.increment(to, 8).increment(from, step)
      f.get(k).i32(1).op('i32.sub').tee(k).brIf(next)
    })
  })
}

/** One row or column, `step` bytes from element to element where it is packed. */
export function linePacker(b: PhaseBuilder, lane: Lane, deep: readonly Axis[], step: number): number {
  const inner = deep[deep.length - 1]!
  const axes = deep.map(a => `${a.size}:${a.stride}`).join(',')
  return b.helper(`line ${lane.dtype} ${step} ${axes}`, params, [], f => {
    const [to, from, k] = f.params as [Local, Local, Local]
    const dense = step === lane.bytes && inner.stride === lane.bytes
    walk(f, deep, from, k, count => {
      if (dense) copyVectors(f, lane, to, from, count)
      f.get(count).if(() => {
        f.loop(next => {
          f.get(to).get(from).mem(lane.load).mem(lane.store)
          f.increment(to, step).increment(from, inner.stride)
          f.get(count).i32(1).op('i32.sub').tee(count).brIf(next)
        })
      })
    })
  })
}

/** Copies whole vectors; leaves the rest of `count`, and `to` and `from` at it. */
function copyVectors(f: FunctionBuilder, lane: Lane, to: Local, from: Local, count: Local): void {
  f.block(done => {
    f.get(count).i32(lane.count).op('i32.lt_s').brIf(done)
    f.loop(next => {
      f.get(to).get(from).mem('v128.load').mem('v128.store')
      f.increment(to, 16).increment(from, 16)
      f.get(count).i32(lane.count).op('i32.sub').tee(count).i32(lane.count).op('i32.ge_s').brIf(next)
    })
  })
}

/** Helper (to, from, rows): copies `width` elements of each row. */
export function rowCopier(
  b: PhaseBuilder,
  { lane, width, toRow, fromRow }: { lane: Lane; width: number; toRow: number; fromRow: number },
): number {
  return b.helper(`copy ${lane.dtype} ${width} ${toRow} ${fromRow}`, params, [], f => {
    const [to, from, rows] = f.params as [Local, Local, Local]
    const vector = f.local('v128')
    f.loop(next => {
      for (let j = 0; j < width; j += lane.count) {
        f.get(from)
          .mem('v128.load', j * lane.bytes)
          .set(vector)
        storePart(f, lane, to, j * lane.bytes, width - j, vector)
      }
      f.increment(to, toRow).increment(from, fromRow)
      f.get(rows).i32(1).op('i32.sub').tee(rows).brIf(next)
    })
  })
}
