import type { WindowAttrs } from '../ops/window/window-shape.ts'
import { type Shape, sizeOf } from '../type.ts'
import type { Dense, Rule } from './dense.ts'
import { taps } from './taps.ts'

/** The planes `[N·C]` of a value and the positions that each window reads. */
function planes(x: Shape, y: Shape, attrs: WindowAttrs) {
  return {
    count: (x[0] as number) * (x[1] as number),
    S: sizeOf(x.slice(2)),
    K: sizeOf(attrs.window),
    O: sizeOf(y.slice(2)),
    tap: taps(x.slice(2), attrs.window, y.slice(2), attrs),
  }
}

/** Visits, for every window in row-major order, where the first largest element is: its place in `x` and the window's. */
function eachLargest(
  x: Dense,
  y: Shape,
  attrs: WindowAttrs,
  visit: (from: number, window: number) => void,
): void {
  const { count, S, K, O, tap } = planes(x.type.shape, y, attrs)
  for (let plane = 0; plane < count; plane++)
    for (let o = 0; o < O; o++) {
      let best = -1
      for (let k = 0; k < K; k++) {
        const s = tap[o * K + k] as number
        if (s < 0) continue
        const at = plane * S + s
        if (best < 0 || exceeds(x.data[at] as number, x.data[best] as number)) best = at
      }
      visit(best, plane * O + o)
    }
}

/** NaN exceeds every number, and nothing exceeds NaN. */
function exceeds(a: number, b: number): boolean {
  return a > b || (Number.isNaN(a) && !Number.isNaN(b))
}

export const maxPool: Rule<WindowAttrs> = {
  run([x], out, attrs, { shape }) {
    const from = x as Dense
    eachLargest(from, shape, attrs, (at, window) => {
      out[window] = from.data[at] as number
    })
  },
}

export const maxPoolGather: Rule<WindowAttrs> = {
  run([x, t], out, attrs, { shape }) {
    eachLargest(x as Dense, shape, attrs, (at, window) => {
      out[window] = (t as Dense).data[at] as number
    })
  },
}

export const maxPoolScatter: Rule<WindowAttrs> = {
  run([x, ct], out, attrs) {
    const { data, type } = ct as Dense
    const accumulators = new Float64Array(out.length)
    eachLargest(x as Dense, type.shape, attrs, (at, window) => {
      accumulators[at] = (accumulators[at] as number) + (data[window] as number)
    })
    out.set(accumulators)
  },
}

export const sumPool: Rule<WindowAttrs> = {
  run([x], out, attrs, { shape }) {
    const { data, type } = x as Dense
    const { count, S, K, O, tap } = planes(type.shape, shape, attrs)
    for (let plane = 0; plane < count; plane++)
      for (let o = 0; o < O; o++) {
        let acc = 0
        for (let k = 0; k < K; k++) {
          const s = tap[o * K + k] as number
          if (s >= 0) acc += data[plane * S + s] as number
        }
        out[plane * O + o] = acc
      }
  },
}

export const sumUnpool: Rule<WindowAttrs> = {
  run([ct], out, attrs, { shape }) {
    const { data, type } = ct as Dense
    const { count, S, K, O, tap } = planes(shape, type.shape, attrs)
    const accumulators = new Float64Array(out.length)
    for (let plane = 0; plane < count; plane++)
      for (let o = 0; o < O; o++)
        for (let k = 0; k < K; k++) {
          const s = tap[o * K + k] as number
          if (s < 0) continue
          const at = plane * S + s
          accumulators[at] = (accumulators[at] as number) + (data[plane * O + o] as number)
        }
    out.set(accumulators)
  },
}
