import type { FunctionBuilder, Local, PlainOp } from '../asm/index.ts'
import { cap, forRange, locals, plus, times } from './emit.ts'
import { exceeds } from './lane.ts'
import { storePart } from './pack.ts'
import type { PoolAxis, PoolPlaces, PoolPlan } from './pool.ts'
import { loadRegular } from './window-panel.ts'

/** True if no two windows share an element, and none reaches beyond the image. */
export function isPartition({ y, x }: { readonly y: PoolAxis; readonly x: PoolAxis }): boolean {
  return [y, x].every(
    a => a.before === 0 && a.stride >= a.window && (a.places - 1) * a.stride + a.window <= a.size,
  )
}

/** Numbers of windows back to the elements: `maxPoolScatter`, `sumUnpool`. */
export function emitScatter(places: PoolPlaces): void {
  const { b, plan, out, channels } = places
  const { f } = b
  const { y, x, lane } = plan
  if (!isPartition(plan)) {
    emitAnyScatter(places)
    return
  }
  if (![y, x].every(a => a.stride === a.window && a.places * a.window === a.size))
    times(f.get(out).i32(0).get(channels), plan.places * lane.bytes).memoryFill()
  emitPartition(places)
}

/** Windows that share no element, a vector of neighbouring ones at a time. */
function emitPartition(places: PoolPlaces): void {
  const { b, plan, sources, out, channels } = places
  const { f } = b
  const { lane, y, x } = plan
  const [c, oy, ox, to, from, ct] = locals(f, 6)
  const whole = x.places - (x.places % lane.count)
  const narrow = plan.sources[plan.sources.length - 1]!
  const wide = plan.sources[0]!
  const row = x.size * lane.bytes
  forRange(f, c, channels, () => {
    forRange(f, oy, y.places, () => {
      times(f.get(c), plan.places * lane.bytes)
        .get(out)
        .op('i32.add')
      times(f.get(oy), y.stride * row)
        .op('i32.add')
        .set(to)
      times(f.get(c), narrow.plane)
        .get(sources[sources.length - 1]!)
        .op('i32.add')
      times(f.get(oy), narrow.row).op('i32.add').set(ct)
      times(f.get(c), wide.plane).get(sources[0]!).op('i32.add')
      times(f.get(oy), y.stride * wide.row)
        .op('i32.add')
        .set(from)
      const windows = (count: number): void => {
        spread(places, from, ct, to, count)
        f.increment(to, count * x.stride * lane.bytes)
        f.increment(from, count * x.stride * lane.bytes)
        f.increment(ct, count * lane.bytes)
      }
      if (whole > 0) forRange(f, ox, whole, () => windows(lane.count), { step: lane.count })
      if (whole < x.places) forRange(f, ox, x.places, () => windows(1), { from: whole })
    })
  })
  f.release(c, oy, ox, to, from, ct)
}

/** The numbers of `count` neighbouring windows at `ct` to their elements at `to`: all, or the largest of those at `from`. */
function spread({ b: { f }, plan }: PoolPlaces, from: Local, ct: Local, to: Local, count: number): void {
  const { op, lane, y, x } = plan
  const row = x.size * lane.bytes
  const value = f.local('v128')
  if (count === 1) f.get(ct).mem(lane.splatLoad)
  else f.get(ct).mem('v128.load')
  // A sum of one number, from zero: −0 becomes 0.
  if (lane.dtype === 'f32') f.f32x4(0)
  else f.f64x2(0)
  f.op(lane.add).set(value)
  const index = op === 'maxPoolScatter' ? largest(f, plan, from, count) : null
  const push = (t: number): void => {
    f.get(value)
    if (index === null) return
    f.get(index)
    if (lane.dtype === 'f32') f.i32x4(t).op('i32x4.eq').op('v128.and')
    else f.i64x2(BigInt(t)).op('i64x2.eq').op('v128.and')
  }
  const part = f.local('v128')
  for (let ky = 0; ky < y.window; ky++)
    for (let kx = 0; kx < x.window; kx++) {
      const at = ky * row + kx * lane.bytes
      const t = ky * x.window + kx
      if (count > 1 && lane.dtype === 'f32' && x.stride === 2 && x.window === 2) {
        if (kx === 1) continue
        const other = f.local('v128')
        push(t)
        f.set(part)
        push(t + 1)
        f.set(other)
        f.get(to).get(part).get(other).shuffle32([0, 4, 1, 5]).mem('v128.store', at)
        f.get(to)
          .get(part)
          .get(other)
          .shuffle32([2, 6, 3, 7])
          .mem('v128.store', at + 16)
        f.release(other)
        continue
      }
      push(t)
      f.set(part)
      if (count === 1 || x.stride === 1) storePart(f, lane, to, at, count, part)
      else
        for (let l = 0; l < count; l++)
          f.get(to)
            .get(part)
            .laneMem(
              lane.dtype === 'f32' ? 'v128.store32_lane' : 'v128.store64_lane',
              l,
              at + l * x.stride * lane.bytes,
            )
    }
  f.release(value, part)
  if (index !== null) f.release(index)
}

/** Which tap of each window is the first of the largest, as integers, in a new local. */
function largest(f: FunctionBuilder, { lane, y, x, sources }: PoolPlan, from: Local, count: number): Local {
  const [best, next, take, index] = [f.local('v128'), f.local('v128'), f.local('v128'), f.local('v128')]
  const integer = (t: number): void => {
    if (lane.dtype === 'f32') f.i32x4(t)
    else f.i64x2(BigInt(t))
  }
  for (let t = 0; t < y.window * x.window; t++) {
    const offset = Math.floor(t / x.window) * sources[0]!.row + (t % x.window) * lane.bytes
    if (count === 1) f.get(from).mem(lane.splatLoad, offset)
    else loadRegular(f, lane, x.stride * lane.bytes, from, offset)
    if (t === 0) {
      f.set(best)
      integer(0)
      f.set(index)
      continue
    }
    f.set(next)
    exceeds(f, lane, next, best).set(take)
    f.get(next).get(best).get(take).op('v128.bitselect').set(best)
    integer(t)
    f.get(index).get(take).op('v128.bitselect').set(index)
  }
  f.release(best, next, take)
  return index
}

/** Visits every window of a plane, its elements' bounds in locals. */
function eachWindow(
  { b: { f }, plan }: PoolPlaces,
  visit: (at: { oy: Local; ox: Local; y0: Local; y1: Local; x0: Local; x1: Local }) => void,
): void {
  const { y, x } = plan
  const [oy, ox, y0, y1, x0, x1] = locals(f, 6)
  const bounds = (o: Local, axis: PoolAxis, low: Local, high: Local): void => {
    plus(times(f.get(o), axis.stride), -axis.before).set(low)
    plus(f.get(low), axis.window).set(high)
    cap(f, high, axis.size)
    f.get(low).i32(0).get(low).i32(0).op('i32.gt_s').op('select').set(low)
  }
  forRange(f, oy, y.places, () => {
    bounds(oy, y, y0, y1)
    forRange(f, ox, x.places, () => {
      bounds(ox, x, x0, x1)
      visit({ oy, ox, y0, y1, x0, x1 })
    })
  })
  f.release(oy, ox, y0, y1, x0, x1)
}

/** Sets `best` to the element of the window that is the first of the largest: row · size + column. */
function findLargest(
  { b: { f }, plan, sources }: PoolPlaces,
  c: Local,
  { y0, y1, x0, x1 }: { y0: Local; y1: Local; x0: Local; x1: Local },
  best: Local,
): void {
  const { lane, x, sources: images } = plan
  const [row, column, at] = locals(f, 3)
  const [value, most] = [f.local(lane.dtype), f.local(lane.dtype)]
  f.i32(-1).set(best)
  forRange(
    f,
    row,
    y1,
    () => {
      times(f.get(c), images[0]!.plane).get(sources[0]!).op('i32.add')
      times(f.get(row), images[0]!.row).op('i32.add')
      times(f.get(x0), lane.bytes).op('i32.add').set(at)
      forRange(
        f,
        column,
        x1,
        () => {
          f.get(at).mem(lane.load).set(value)
          f.get(best).i32(0).op('i32.lt_s')
          f.get(value)
            .get(most)
            .op(`${lane.dtype}.le` as PlainOp)
            .op('i32.eqz')
          f.get(most)
            .get(most)
            .op(`${lane.dtype}.eq` as PlainOp)
            .op('i32.and')
            .op('i32.or')
          f.if(() => {
            f.get(value).set(most)
            times(f.get(row), x.size).get(column).op('i32.add').set(best)
          })
          f.increment(at, lane.bytes)
        },
        { from: x0 },
      )
    },
    { from: y0 },
  )
  f.release(row, column, at, value, most)
}

/** Any windows: sums of a plane in f64, window by window, rounded once. */
function emitAnyScatter(places: PoolPlaces): void {
  const { b, plan, sources, out, channels, sums } = places
  const { f } = b
  const { lane, op, x } = plan
  const narrow = plan.sources[plan.sources.length - 1]!
  const [c, best, ct, row, column, i] = locals(f, 6)
  const add = (position: () => void): void => {
    const at = f.local('i32')
    position()
    times(f, 8).get(sums).op('i32.add').set(at)
    f.get(at).get(at).mem('f64.load').get(ct).mem(lane.load)
    if (lane.dtype === 'f32') f.op('f64.promote_f32')
    f.op('f64.add').mem('f64.store')
    f.release(at)
  }
  forRange(f, c, channels, () => {
    f.get(sums)
      .i32(0)
      .i32(plan.places * 8)
      .memoryFill()
    eachWindow(places, at => {
      times(f.get(c), narrow.plane)
        .get(sources[sources.length - 1]!)
        .op('i32.add')
      times(f.get(at.oy), narrow.row).op('i32.add')
      times(f.get(at.ox), lane.bytes).op('i32.add').set(ct)
      if (op === 'maxPoolScatter') {
        findLargest(places, c, at, best)
        add(() => f.get(best))
      } else
        forRange(
          f,
          row,
          at.y1,
          () =>
            forRange(f, column, at.x1, () => add(() => times(f.get(row), x.size).get(column).op('i32.add')), {
              from: at.x0,
            }),
          { from: at.y0 },
        )
    })
    forRange(f, i, plan.places, () => {
      times(times(f.get(c), plan.places).get(i).op('i32.add'), lane.bytes)
        .get(out)
        .op('i32.add')
      times(f.get(i), 8).get(sums).op('i32.add').mem('f64.load')
      if (lane.dtype === 'f32') f.op('f32.demote_f64')
      f.mem(lane.store)
    })
  })
  f.release(c, best, ct, row, column, i)
}

/** `maxPoolGather` of any windows, one by one. */
export function emitAnyGather(places: PoolPlaces): void {
  const { b, plan, sources, out, channels } = places
  const { f } = b
  const { lane, y, x } = plan
  const t = plan.sources[1]!
  const [c, best] = locals(f, 2)
  forRange(f, c, channels, () =>
    eachWindow(places, at => {
      findLargest(places, c, at, best)
      times(f.get(c), y.places).get(at.oy).op('i32.add')
      times(times(f, x.places).get(at.ox).op('i32.add'), lane.bytes).get(out).op('i32.add')
      times(f.get(c), t.plane).get(sources[1]!).op('i32.add')
      times(f.get(best).i32(x.size).op('i32.div_u'), t.row).op('i32.add')
      times(f.get(best).i32(x.size).op('i32.rem_u'), lane.bytes).op('i32.add')
      f.mem(lane.load).mem(lane.store)
    }),
  )
  f.release(c, best)
}
