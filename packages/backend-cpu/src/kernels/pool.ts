import { type AnchorOp, sizeOf, type Type, type WindowAttrs } from '@stint/graph'
import type { Memory } from '../memory.ts'
import type { CoreOf } from './anchor.ts'
import type { Core, CoreRun } from './core.ts'
import type { Lanes } from './lanes.ts'

/** Bytes of planes that pass through the workspace at a time. */
const planeBytes = 8192

/** Windows over one plane `[H, W]` of `[N, C, H, W]`; with one spatial axis H is 1. */
interface Windows {
  readonly height: number
  readonly width: number
  /** Windows down and across. */
  readonly rows: number
  readonly columns: number
  readonly windowY: number
  readonly windowX: number
  readonly strideY: number
  readonly strideX: number
  readonly beforeY: number
  readonly beforeX: number
}

/** One plane: `x` and `y` are where the sources begin there, `out` where the result does, `sums` free f64 of its size. */
type Plane = (
  w: Windows,
  view: Lanes,
  x: number,
  y: number,
  out: number,
  sums: Float64Array,
  at: number,
) => void

type PoolOp = Extract<AnchorOp, `${string}ool${string}`>

/** Which shapes are elements (`x`) and windows (`y`): of the sources, and of the result. */
const roles: {
  readonly [K in PoolOp]: { readonly sources: string; readonly result: 'x' | 'y'; readonly plane: Plane }
} = {
  maxPool: { sources: 'x', result: 'y', plane: maxPool },
  maxPoolGather: { sources: 'xx', result: 'y', plane: maxPoolGather },
  maxPoolScatter: { sources: 'xy', result: 'x', plane: maxPoolScatter },
  sumPool: { sources: 'x', result: 'y', plane: sumPool },
  sumUnpool: { sources: 'y', result: 'x', plane: sumUnpool },
}

/** Pooling, plane by plane. */
export const poolCores: { readonly [K in PoolOp]: CoreOf<WindowAttrs> } = {
  maxPool: poolCore('maxPool'),
  maxPoolGather: poolCore('maxPoolGather'),
  maxPoolScatter: poolCore('maxPoolScatter'),
  sumPool: poolCore('sumPool'),
  sumUnpool: poolCore('sumUnpool'),
}

function poolCore(op: PoolOp): CoreOf<WindowAttrs> {
  const { sources: kinds, result: made, plane } = roles[op]
  return {
    make(sources, result, attrs) {
      const find = (kind: string): Type => (made === kind ? result : sources[kinds.indexOf(kind)]!)
      const [x, y] = [find('x').shape, find('y').shape]
      const windows = windowsOf(x.slice(2), y.slice(2), attrs)
      const [elements, places] = [windows.height * windows.width, windows.rows * windows.columns]
      const unit = (kind: string): number => (kind === 'x' ? elements : places)
      const core: Core = {
        items: sizeOf(x.slice(0, 2)),
        chunk: Math.max(1, Math.floor(planeBytes / (4 * elements))),
        sourceUnits: [...kinds].map(unit),
        resultUnit: unit(made),
        workspaceBytes: made === 'x' ? 8 * elements : 0,
        compile: memory =>
          new PoolRun(memory, result.dtype === 'f32', windows, plane, [...kinds].map(unit), unit(made)),
      }
      return core
    },
  }
}

function windowsOf(x: readonly number[], y: readonly number[], attrs: WindowAttrs): Windows {
  const { window, stride, padding } = attrs
  const h = x.length - 1
  const flat = { height: 1, rows: 1, windowY: 1, strideY: 1, beforeY: 0 }
  const tall = {
    height: x[0]!,
    rows: y[0]!,
    windowY: window[0]!,
    strideY: stride[0]!,
    beforeY: padding[0]![0],
  }
  return {
    ...(h === 0 ? flat : tall),
    width: x[h]!,
    columns: y[h]!,
    windowX: window[h]!,
    strideX: stride[h]!,
    beforeX: padding[h]![0],
  }
}

class PoolRun implements CoreRun {
  readonly #memory: Memory
  readonly #view: Lanes
  readonly #windows: Windows
  readonly #plane: Plane
  readonly #units: readonly number[]
  readonly #unit: number

  constructor(
    memory: Memory,
    single: boolean,
    windows: Windows,
    plane: Plane,
    units: readonly number[],
    unit: number,
  ) {
    this.#memory = memory
    this.#view = single ? memory.f32 : memory.f64
    this.#windows = windows
    this.#plane = plane
    this.#units = units
    this.#unit = unit
  }

  run(from: number, to: number, places: readonly number[], workspace: number): void {
    const view = this.#view
    const bytes = view.BYTES_PER_ELEMENT
    const { f64 } = this.#memory
    const first = (places[0]! / bytes) | 0
    const second = (places[places.length - 2]! / bytes) | 0
    const out = (places[places.length - 1]! / bytes) | 0
    const units = this.#units
    const sums = (workspace / 8) | 0
    for (let i = from; i < to; i++) {
      const y = second + i * units[units.length - 1]!
      this.#plane(this.#windows, view, first + i * units[0]!, y, out + i * this.#unit, f64, sums)
    }
  }
}

/** The place, from the start of the plane, of the first largest element of a window; NaN is larger than all numbers. */
function largest(w: Windows, view: Lanes, x: number, row: number, column: number): number {
  const top = row * w.strideY - w.beforeY
  const left = column * w.strideX - w.beforeX
  const firstY = Math.max(0, top)
  const lastY = Math.min(w.height, top + w.windowY)
  const firstX = Math.max(0, left)
  const lastX = Math.min(w.width, left + w.windowX)
  let best = firstY * w.width + firstX
  let most = view[x + best]!
  for (let y = firstY; y < lastY; y++)
    for (let at = y * w.width + firstX, end = y * w.width + lastX; at < end; at++) {
      const value = view[x + at]!
      if (value > most || (Number.isNaN(value) && !Number.isNaN(most))) {
        best = at
        most = value
      }
    }
  return best
}

function maxPool(w: Windows, view: Lanes, x: number, _: number, out: number): void {
  let to = out
  for (let row = 0; row < w.rows; row++)
    for (let column = 0; column < w.columns; column++)
      view[to++] = view[x + largest(w, view, x, row, column)]!
}

function maxPoolGather(w: Windows, view: Lanes, x: number, t: number, out: number): void {
  let to = out
  for (let row = 0; row < w.rows; row++)
    for (let column = 0; column < w.columns; column++)
      view[to++] = view[t + largest(w, view, x, row, column)]!
}

function maxPoolScatter(
  w: Windows,
  view: Lanes,
  x: number,
  ct: number,
  out: number,
  sums: Float64Array,
  at: number,
): void {
  const size = w.height * w.width
  sums.fill(0, at, at + size)
  let from = ct
  for (let row = 0; row < w.rows; row++)
    for (let column = 0; column < w.columns; column++) {
      const to = at + largest(w, view, x, row, column)
      sums[to] = sums[to]! + view[from++]!
    }
  for (let i = 0; i < size; i++) view[out + i] = sums[at + i]!
}

function sumPool(w: Windows, view: Lanes, x: number, _: number, out: number): void {
  let to = out
  for (let row = 0; row < w.rows; row++)
    for (let column = 0; column < w.columns; column++) {
      const top = row * w.strideY - w.beforeY
      const left = column * w.strideX - w.beforeX
      const firstY = Math.max(0, top)
      const lastY = Math.min(w.height, top + w.windowY)
      const firstX = Math.max(0, left)
      const lastX = Math.min(w.width, left + w.windowX)
      let acc = 0
      for (let y = firstY; y < lastY; y++)
        for (let h = firstX; h < lastX; h++) acc += view[x + y * w.width + h]!
      view[to++] = acc
    }
}

function sumUnpool(
  w: Windows,
  view: Lanes,
  ct: number,
  _: number,
  out: number,
  sums: Float64Array,
  at: number,
): void {
  const size = w.height * w.width
  sums.fill(0, at, at + size)
  let from = ct
  for (let row = 0; row < w.rows; row++)
    for (let column = 0; column < w.columns; column++) {
      const top = row * w.strideY - w.beforeY
      const left = column * w.strideX - w.beforeX
      const firstY = Math.max(0, top)
      const lastY = Math.min(w.height, top + w.windowY)
      const firstX = Math.max(0, left)
      const lastX = Math.min(w.width, left + w.windowX)
      const value = view[from++]!
      for (let y = firstY; y < lastY; y++)
        for (let h = firstX; h < lastX; h++) sums[at + y * w.width + h] = sums[at + y * w.width + h]! + value
    }
  for (let i = 0; i < size; i++) view[out + i] = sums[at + i]!
}
