import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { cap, locals, plus, times } from './emit.ts'
import type { Lane } from './lane.ts'

/** What the positions of a grid read of the channels of an image. Distances in bytes. */
export interface Windows {
  readonly lane: Lane
  /** Rows of the grid are `width` long; it has `positions` in all. */
  readonly width: number
  readonly positions: number
  /** From position to position, within a row and from row to row. */
  readonly step: number
  readonly rowStep: number
  /** What each position reads of a channel, from its own place on; not negative. */
  readonly taps: readonly number[]
  /** From channel to channel. */
  readonly plane: number
}

/**
 * Helper (to, from, q, channels): for the vector of positions from `q` on, what each channel and tap reads, one vector
 * a tap, `pitch` bytes apart. Positions beyond the last repeat it.
 */
export function windowPacker(b: PhaseBuilder, windows: Windows, pitch: number): number {
  const { lane, width, positions, step, rowStep, taps, plane } = windows
  const key = `windows ${lane.dtype} ${width} ${positions} ${step} ${rowStep} ${taps.join(',')} ${plane} ${pitch}`
  return b.helper(key, ['i32', 'i32', 'i32', 'i32'], [], f => packVector(f, windows, pitch))
}

function packVector(f: FunctionBuilder, windows: Windows, pitch: number): void {
  const { lane, width, positions, step, taps } = windows
  const [to, from, q, channels] = f.params as [Local, Local, Local, Local]
  const walk = (bases: readonly Local[], load: (tap: number) => void): void => {
    f.loop(next => {
      for (const [t, tap] of taps.entries()) {
        f.get(to)
        load(tap)
        f.mem('v128.store', t * pitch)
      }
      f.increment(to, taps.length * pitch)
      for (const base of bases) f.increment(base, windows.plane)
      f.get(channels).i32(1).op('i32.sub').tee(channels).brIf(next)
    })
  }
  const [x, y] = locals(f, 2)
  f.get(q).i32(width).op('i32.div_u').set(y)
  f.get(q).get(y).i32(width).op('i32.mul').op('i32.sub').set(x)
  const regular = (): void => {
    const at = f.local('i32')
    pushPlace(f, windows, from, x, y)
    f.set(at)
    walk([at], tap => loadRegular(f, lane, step, at, tap))
  }
  // Rows of whole vectors have no vector on two rows.
  if (width % lane.count === 0) {
    regular()
    return
  }
  f.get(x)
    .i32(width - lane.count)
    .op('i32.le_s')
    .if(regular, () => {
      const bases = Array.from({ length: lane.count }, (_, l) => {
        const base = f.local('i32')
        const limit = positions - 1
        plus(f.get(q), l).set(x)
        cap(f, x, limit)
        f.get(x).i32(width).op('i32.div_u').set(y)
        f.get(x).get(y).i32(width).op('i32.mul').op('i32.sub').set(x)
        pushPlace(f, windows, from, x, y)
        f.set(base)
        return base
      })
      walk(bases, tap => loadLanes(f, lane, bases, tap))
    })
}

/** Pushes the address of the position at (x, y). */
function pushPlace(f: FunctionBuilder, { step, rowStep }: Windows, from: Local, x: Local, y: Local): void {
  f.get(from)
  times(f.get(y), rowStep).op('i32.add')
  times(f.get(x), step).op('i32.add')
}

/** A vector of elements `step` bytes apart; with a step of two elements one more is read, and dropped. */
export function loadRegular(f: FunctionBuilder, lane: Lane, step: number, at: Local, offset: number): void {
  if (step === lane.bytes) f.get(at).mem('v128.load', offset)
  else if (step === 2 * lane.bytes && lane.dtype === 'f32')
    f.get(at)
      .mem('v128.load', offset)
      .get(at)
      .mem('v128.load', offset + 16)
      .shuffle32([0, 2, 4, 6])
  else
    loadLanes(
      f,
      lane,
      Array.from({ length: lane.count }, () => at),
      offset,
      step,
    )
}

/** One element from each base, `step` bytes more from lane to lane. */
function loadLanes(f: FunctionBuilder, lane: Lane, bases: readonly Local[], offset: number, step = 0): void {
  const [zero, one] =
    lane.dtype === 'f32'
      ? (['v128.load32_zero', 'v128.load32_lane'] as const)
      : (['v128.load64_zero', 'v128.load64_lane'] as const)
  // Each lane's address goes below the vector so far.
  for (const base of bases.slice(1).toReversed()) f.get(base)
  f.get(bases[0]!).mem(zero, offset)
  for (let l = 1; l < bases.length; l++) f.laneMem(one, l, offset + l * step)
}

/** Positions of a grid in a row of a result. Distances in bytes. */
export interface Scatter {
  readonly lane: Lane
  readonly width: number
  readonly positions: number
  readonly step: number
  readonly rowStep: number
  /** From row to row of the result and of the sums. */
  readonly toRow: number
  readonly fromRow: number
}

/** Helper (to, from, q, rows): stores a vector of each row of sums at the positions from `q` on, as far as there are. */
export function scatterHelper(b: PhaseBuilder, scatter: Scatter): number {
  const { lane, width, positions, step, rowStep, toRow, fromRow } = scatter
  const key = `scatter ${lane.dtype} ${width} ${positions} ${step} ${rowStep} ${toRow} ${fromRow}`
  return b.helper(key, ['i32', 'i32', 'i32', 'i32'], [], f => {
    const [to, from, q, rows] = f.params as [Local, Local, Local, Local]
    const [at, y, vector] = [f.local('i32'), f.local('i32'), f.local('v128')]
    const places = Array.from({ length: lane.count }, (_, l) => {
      const place = f.local('i32')
      const limit = positions - 1
      plus(f.get(q), l).set(at)
      cap(f, at, limit)
      f.get(at).i32(width).op('i32.div_u').set(y)
      f.get(to)
      times(f.get(y), rowStep).op('i32.add')
      times(f.get(at).get(y).i32(width).op('i32.mul').op('i32.sub'), step).op('i32.add').set(place)
      return place
    })
    const store = lane.dtype === 'f32' ? 'v128.store32_lane' : 'v128.store64_lane'
    f.loop(next => {
      f.get(from).mem('v128.load').set(vector)
      // Lanes beyond the last position share its place; they go first, so that its own stays.
      for (let l = lane.count - 1; l >= 0; l--) f.get(places[l]!).get(vector).laneMem(store, l)
      for (const place of places) f.increment(place, toRow)
      f.increment(from, fromRow)
      f.get(rows).i32(1).op('i32.sub').tee(rows).brIf(next)
    })
  })
}
