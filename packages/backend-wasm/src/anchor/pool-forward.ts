import type { FunctionBuilder, Local } from '../asm/index.ts'
import { forRange, locals, times } from './emit.ts'
import { exceeds, type Lane } from './lane.ts'
import { storePart } from './pack.ts'
import type { PoolPlaces } from './pool.ts'
import { emitAnyGather } from './pool-scatter.ts'
import { loadRegular } from './window-panel.ts'

/** One number from each window: `maxPool`, `sumPool`, `maxPoolGather`. */
export function emitForward(places: PoolPlaces): void {
  const { op, y, x } = places.plan
  const inside = [y, x].every(a => a.before === 0 && (a.places - 1) * a.stride + a.window <= a.size)
  // Padding may win no maximum, not even one of −∞; where its own value is asked for it makes no difference.
  if (op === 'maxPoolGather' && !inside) emitAnyGather(places)
  else emitRows(places)
}

/** Row by row of windows, a vector of neighbouring ones at a time. */
function emitRows(places: PoolPlaces): void {
  const { b, plan, sources, out, channels } = places
  const { f } = b
  const { lane, y, x } = plan
  const [c, oy, to] = locals(f, 3)
  const rows = sources.map(() => f.local('i32'))
  const whole = x.places - (x.places % lane.count)
  forRange(f, c, channels, () => {
    forRange(f, oy, y.places, () => {
      for (const [i, row] of rows.entries()) {
        const image = plan.sources[i]!
        f.get(sources[i]!)
        times(f.get(c), image.plane).op('i32.add')
        times(f.get(oy), y.stride * image.row)
          .op('i32.add')
          .set(row)
      }
      times(f.get(c), y.places).get(oy).op('i32.add')
      times(f, x.places * lane.bytes)
        .get(out)
        .op('i32.add')
        .set(to)
      const ox = f.local('i32')
      const windows = (count: number): void => {
        const value = windowValue(places, rows, count)
        storePart(f, lane, to, 0, count, value)
        f.increment(to, count * lane.bytes)
        for (const row of rows) f.increment(row, count * x.stride * lane.bytes)
        f.release(value)
      }
      if (whole > 0) forRange(f, ox, whole, () => windows(lane.count), { step: lane.count })
      if (whole < x.places) forRange(f, ox, x.places, () => windows(1), { from: whole })
      f.release(ox)
    })
  })
  f.release(c, oy, to, ...rows)
}

/** The numbers of `count` neighbouring windows (a vector of them, or one), in a new local. */
function windowValue({ b: { f }, plan }: PoolPlaces, rows: readonly Local[], count: number): Local {
  const { op, lane, y, x, sources } = plan
  const load = (source: number, ky: number, kx: number): void => {
    const offset = ky * sources[source]!.row + kx * lane.bytes
    if (count === 1) f.get(rows[source]!).mem(lane.splatLoad, offset)
    else loadRegular(f, lane, x.stride * lane.bytes, rows[source]!, offset)
  }
  const taps = Array.from({ length: y.window * x.window }, (_, t) => [Math.floor(t / x.window), t % x.window])
  if (op === 'sumPool')
    return sumOf(
      f,
      lane,
      taps.map(
        ([ky, kx]) =>
          () =>
            load(0, ky!, kx!),
      ),
    )
  const [best, next, take] = [f.local('v128'), f.local('v128'), f.local('v128')]
  const picked = op === 'maxPoolGather' ? f.local('v128') : best
  for (const [t, [ky, kx]] of taps.entries()) {
    load(0, ky!, kx!)
    if (t === 0) {
      f.set(best)
      if (picked !== best) {
        load(1, ky!, kx!)
        f.set(picked)
      }
      continue
    }
    f.set(next)
    exceeds(f, lane, next, best)
    f.set(take)
    f.get(next).get(best).get(take).op('v128.bitselect').set(best)
    if (picked === best) continue
    load(1, ky!, kx!)
    f.get(picked).get(take).op('v128.bitselect').set(picked)
  }
  f.release(next, take)
  if (picked !== best) f.release(best)
  return picked
}

/** The sum of what each of `loads` pushes, in f64, rounded once. */
function sumOf(f: FunctionBuilder, lane: Lane, loads: readonly (() => void)[]): Local {
  const sum = f.local('v128')
  if (lane.dtype === 'f64') {
    f.f64x2(0).set(sum)
    for (const load of loads) {
      f.get(sum)
      load()
      f.op('f64x2.add').set(sum)
    }
    return sum
  }
  const [high, next] = [f.local('v128'), f.local('v128')]
  f.f64x2(0).tee(sum).set(high)
  for (const load of loads) {
    load()
    f.set(next)
    f.get(sum).get(next).op('f64x2.promote_low_f32x4').op('f64x2.add').set(sum)
    f.get(high).get(next).get(next).shuffle32([2, 3, 2, 3])
    f.op('f64x2.promote_low_f32x4').op('f64x2.add').set(high)
  }
  f.get(sum).op('f32x4.demote_f64x2_zero').get(high).op('f32x4.demote_f64x2_zero')
  f.shuffle32([0, 1, 4, 5]).set(sum)
  f.release(high, next)
  return sum
}
