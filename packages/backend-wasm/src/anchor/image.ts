import { dtypeBytes } from '@stint/graph'
import type { Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import type { Bound } from '../nest/loops.ts'
import { emitBlock } from './block.ts'
import { cap, forRange, locals, plus, times } from './emit.ts'
import { type Grouped, regroup } from './groups.ts'
import type { Lane } from './lane.ts'
import { asPlane, elementsOf, type View } from './views.ts'

/** Rows or columns of an image that are read: `first` may be negative, and the end beyond the image. */
export interface Reach {
  readonly first: number
  readonly count: number
}

/**
 * Channels of one image `[N, C, H, W]` as tiles read them: where they lie, or copied (and computed) into the
 * workspace with zeros around. Distances in bytes; columns lie side by side.
 */
export interface Image {
  readonly lane: Lane
  readonly view: View
  readonly grouped: Grouped
  readonly staged: boolean
  readonly y: Reach
  readonly x: Reach
  readonly plane: number
  readonly row: number
  /** Of the workspace, for `channels` channels. */
  readonly bytes: number
  /** Whether some of it lies outside the image. */
  readonly padded: boolean
}

/**
 * How the channels of an image are read in rows `y` (and in all: `allY`) and columns `x`; `channels` of them at a time.
 */
export function imageOf(
  source: View,
  lane: Lane,
  size: { readonly y: number; readonly x: number },
  y: Reach,
  allY: Reach,
  x: Reach,
  channels: number,
): Image {
  const view = asPlane(source)
  const inside = (reach: Reach, n: number): boolean => reach.first >= 0 && reach.first + reach.count <= n
  const fits = inside(allY, size.y) && inside(x, size.x)
  const base = { lane, view, grouped: regroup(elementsOf(view), [], [[0], [1], [2], [3]]), y, x }
  if (
    view.kind === 'strided' &&
    fits &&
    (view.strides[3] === lane.bytes || size.x === 1) &&
    view.strides[2]! >= 0
  )
    return { ...base, staged: false, plane: view.strides[1]!, row: view.strides[2]!, bytes: 0, padded: false }
  const row = x.count * lane.bytes
  const plane = y.count * row
  // Vectors that begin on the last elements read a little beyond them.
  const bytes = Math.ceil((channels * plane + 48) / 64) * 64
  return { ...base, staged: true, plane, row, bytes, padded: !fits }
}

/** Which channels of which image, and which rows, the buffer is to hold. */
export interface Want {
  readonly image: Local
  readonly channel: Local
  readonly channels: Bound
  /** First row of the image, if not `y.first`: a band of `y.count` rows from there on. */
  readonly firstRow?: Local
}

/**
 * Fills the workspace of an image with what lies around it: before the first copy, and where bands of rows move, before
 * each.
 */
export function clearImage(b: PhaseBuilder, { padded, bytes, lane }: Image, at: Local, outside = 0): void {
  if (!padded) return
  const { f } = b
  if (outside === 0) {
    f.get(at).i32(0).i32(bytes).memoryFill()
    return
  }
  const [place, end] = locals(f, 2)
  plus(f.get(at), bytes).set(end)
  forRange(
    f,
    place,
    end,
    () => {
      f.get(place)
      if (lane.dtype === 'f32') f.f32x4(outside)
      else f.f64x2(outside)
      f.mem('v128.store')
    },
    { from: at, step: 16 },
  )
  f.release(place, end)
}

/** Sets `at` to the first of the wanted elements, copying them there if the image is staged. */
export function readyImage(b: PhaseBuilder, image: Image, want: Want, buffer: Local, at: Local): void {
  const { f } = b
  const { view, staged, lane, plane, row, y, x } = image
  if (!staged) {
    if (view.kind !== 'strided') throw new Error('a computed image is staged')
    const [sn, sc, sy] = view.strides as [number, number, number, number]
    plus(f.get(b.arg(view.operand)), view.offset + x.first * lane.bytes)
    times(f.get(want.image), sn).op('i32.add')
    times(f.get(want.channel), sc).op('i32.add')
    if (want.firstRow === undefined) plus(f, y.first * sy)
    else times(f.get(want.firstRow), sy).op('i32.add')
    f.set(at)
    return
  }
  const [, , height, width] = view.shape as [number, number, number, number]
  const [fromY, rows, fromX, columns, place] = ['', '', '', '', ''].map(() => f.local('i32')) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ]
  // Rows: from max(0, first) to min(height, first + count).
  if (want.firstRow === undefined) {
    f.i32(Math.max(0, y.first)).set(fromY)
    f.i32(Math.min(height, y.first + y.count) - Math.max(0, y.first)).set(rows)
    plus(f.get(buffer), Math.max(0, -y.first) * row).set(place)
  } else {
    f.get(want.firstRow).i32(0).get(want.firstRow).i32(0).op('i32.gt_s').op('select').set(fromY)
    plus(f.get(want.firstRow), y.count).set(rows)
    cap(f, rows, height).get(rows).get(fromY).op('i32.sub').set(rows)
    times(f.get(buffer).get(fromY).get(want.firstRow).op('i32.sub'), row).op('i32.add').set(place)
  }
  f.i32(Math.max(0, x.first)).set(fromX)
  f.i32(Math.min(width, x.first + x.count) - Math.max(0, x.first)).set(columns)
  plus(f.get(place), Math.max(0, -x.first) * lane.bytes).set(place)
  emitBlock(b, {
    grouped: image.grouped,
    spans: [
      { start: want.image, count: 1, unit: 1 },
      { start: want.channel, count: want.channels, unit: 1 },
      { start: fromY, count: rows, unit: 1 },
      { start: fromX, count: columns, unit: 1 },
    ],
    into: {
      expr: view.kind === 'computed' ? view.expr : 0,
      place: { at: place, strides: [0, plane, row, dtypeBytes(lane.dtype)] },
    },
  })
  f.get(buffer).set(at)
  f.release(fromY, rows, fromX, columns, place)
}
