import type { Local } from '../asm/index.ts'
import { emitBlock } from './block.ts'
import type { DotState } from './dot-state.ts'
import { forRange, locals, plus, plusIndex, times } from './emit.ts'
import { type ComputedMatrix, innerStride, runsOf, type StoredMatrix } from './matrix.ts'
import type { Tile } from './micro.ts'
import { groupPacker, linePacker, linePairsPacker } from './pack.ts'

/** Copies or computes the item's rows of A, this piece of them, if they are not read where they lie. */
export function readyLeft(state: DotState): void {
  const { left, leftBy } = state.plan
  if (left.kind === 'computed') computeLeft(state, left)
  else if (leftBy === 'lines') copyLines(state, left)
  else if (leftBy === 'groups') copyGroups(state, left)
}

function computeLeft(state: DotState, left: ComputedMatrix): void {
  const { leftBy, leftPitch, lane, chunkRows } = state.plan
  const strides =
    leftBy === 'rows' ? [0, leftPitch * lane.bytes, lane.bytes] : [0, lane.bytes, leftPitch * lane.bytes]
  const rows = { start: state.row, count: state.rows, unit: chunkRows }
  emitBlock(state.b, {
    grouped: left.grouped,
    spans: [state.batchSpan(), rows, state.pieceSpan()],
    into: { expr: left.expr, place: { at: state.work, strides } },
    axis: left.axis,
  })
}

function copyLines(state: DotState, left: StoredMatrix): void {
  const { f } = state.b
  const { lane, leftPitch } = state.plan
  const r = f.local('i32')
  const packer = linePacker(state.b, lane, left.deep, lane.bytes)
  forRange(f, r, state.rows, () => {
    times(f.get(state.work).get(r), leftPitch * lane.bytes).op('i32.add')
    pushStored(state, left, r)
    state.pushSteps(left.deep)
    f.call(packer)
  })
  f.release(r)
}

function copyGroups(state: DotState, left: StoredMatrix): void {
  const { f } = state.b
  const { lane, group, leftPitch } = state.plan
  const [row, step] = [innerStride(left.free), innerStride(left.deep)]
  const [r, lines, whole] = locals(f, 3)
  const copy = (packer: number): void => {
    pushPacked(state, r)
    pushStored(state, left, r)
    f.get(state.steps).call(packer)
  }
  const packer = (rows: number): number => groupPacker(state.b, { lane, rows, group, row, step })
  // Whole cache lines where they are, as they may not stay in the cache until the next rows.
  if (lane.bytes === 4 && group === 2 && runsOf(left.free, 16)) {
    f.get(state.rows).i32(-16).op('i32.and').set(lines)
    forRange(f, r, lines, () => copy(linePairsPacker(state.b, step, 8 * leftPitch)), { step: 16 })
  } else f.i32(0).set(lines)
  f.get(state.rows).i32(-group).op('i32.and').set(whole)
  forRange(f, r, whole, () => copy(packer(group)), { from: lines, step: group })
  forRange(f, r, state.rows, () => copy(packer(1)), { from: whole })
  f.release(r, lines, whole)
}

/** Pushes the address of row `r` of the chunk where it lies. */
function pushStored(state: DotState, left: StoredMatrix, r: Local): void {
  const { f } = state.b
  const at = f.local('i32')
  f.get(state.row).get(r).op('i32.add').set(at)
  plusIndex(f.get(state.left), at, left.free)
  state.plusPiece(left.deep)
  f.release(at)
}

/** Pushes where row `r` of the chunk is packed, in groups. */
function pushPacked({ b: { f }, work, plan }: DotState, r: Local): void {
  const { group, leftPitch, lane } = plan
  f.get(work)
  times(f.get(r).i32(-group).op('i32.and'), leftPitch * lane.bytes).op('i32.add')
  f.get(r).i32(group - 1)
  times(f.op('i32.and'), lane.bytes).op('i32.add')
}

/** Pushes the address that tiles of so many rows read from, from row `r` of the chunk on: the least of their rows'. */
export function pushLeft(state: DotState, r: Local, rows: number): void {
  const { f } = state.b
  const { left, leftBy, lane, leftPitch } = state.plan
  if (leftBy === 'groups') pushPacked(state, r)
  else if (left.kind === 'stored' && leftBy === 'direct') {
    pushStored(state, left, r)
    plus(f, Math.min(0, (rows - 1) * innerStride(left.free)))
  } else times(f.get(state.work).get(r), (leftBy === 'columns' ? 1 : leftPitch) * lane.bytes).op('i32.add')
}

/** True if tiles one below the other are evenly spaced. */
export function isLeftEven({ plan: { left, leftBy } }: DotState): boolean {
  return left.kind === 'computed' || leftBy !== 'direct' || left.free.length === 1
}

/** How tiles of so many rows walk what is read of A. */
export function leftSteps({ plan }: DotState, rows: number): Pick<Tile, 'aRows' | 'aStep' | 'aNext'> {
  const { left, leftBy, lane, group, leftPitch } = plan
  const list = Array.from({ length: rows }, (_, i) => i)
  const pitch = leftPitch * lane.bytes
  switch (leftBy) {
    case 'direct': {
      const { free, deep } = left as StoredMatrix
      const row = innerStride(free)
      const lowest = Math.min(0, (rows - 1) * row)
      return { aRows: list.map(i => i * row - lowest), aStep: innerStride(deep), aNext: rows * row }
    }
    case 'groups':
      return {
        aRows: list.map(i => Math.floor(i / group) * group * pitch + (i % group) * lane.bytes),
        aStep: group * lane.bytes,
        aNext: rows * pitch,
      }
    case 'columns':
      return { aRows: list.map(i => i * lane.bytes), aStep: pitch, aNext: rows * lane.bytes }
    default:
      return { aRows: list.map(i => i * pitch), aStep: lane.bytes, aNext: rows * pitch }
  }
}
