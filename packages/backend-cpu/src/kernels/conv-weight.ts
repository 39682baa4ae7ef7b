import type { ConvAttrs, Type } from '@stint/graph'
import type { Memory } from '../memory.ts'
import type { CoreOf } from './anchor.ts'
import { allFinite, type Padded, padImage } from './conv-buffer.ts'
import { carefulConvWeight } from './conv-careful.ts'
import { type Axis, type ConvShape, convShape, imagesAtATime } from './conv-shape.ts'
import { sumsOverPositions } from './conv-sums.ts'
import type { CoreRun } from './core.ts'
import { Layout } from './design.ts'
import type { Lanes } from './lanes.ts'

/**
 * `x [N, C, ...S]`, `ct [N, F, ...O]` → `[F, C/groups, ...K]`. Image by image, since that is the order of the sums: they
 * stay in f64 in the workspace, in blocks of three filters by four taps (of any channel).
 *
 * As in the other convolutions zeros stand for the padding; here that needs a finite cotangent.
 */
export const convWeightCore: CoreOf<ConvAttrs> = {
  make([x, ct], result, attrs) {
    const shape = convShape((x as Type).shape, result.shape, (ct as Type).shape, attrs)
    const span = ({ places, stride, kernel, dilation }: Axis): number =>
      (places - 1) * stride + (kernel - 1) * dilation + 1
    const padded = { rows: span(shape.y), columns: span(shape.x), top: shape.y.before, left: shape.x.before }
    const terms = shape.channels * shape.taps
    const layout = new Layout()
    const places: Places = {
      image: layout.add(8 * shape.channels * padded.rows * padded.columns),
      sums: layout.add(8 * 12 * shape.groups * Math.ceil(shape.filters / 3) * Math.ceil(terms / 4)),
      offsets: layout.add(4 * terms),
      positions: layout.add(4 * shape.places),
    }
    const [unitX, unitG] = [
      shape.groups * shape.channels * shape.area,
      shape.groups * shape.filters * shape.places,
    ]
    return {
      items: shape.images,
      chunk: imagesAtATime(4 * Math.max(unitX, unitG)),
      sourceUnits: [unitX, unitG],
      resultUnit: 0,
      workspaceBytes: layout.bytes,
      compile: memory => new ConvWeightRun(memory, result.dtype === 'f32', shape, padded, places),
    }
  },
}

/** Where things are in the workspace, in bytes. */
interface Places {
  readonly image: number
  readonly sums: number
  readonly offsets: number
  readonly positions: number
}

class ConvWeightRun implements CoreRun {
  readonly #memory: Memory
  readonly #view: Lanes
  readonly #shape: ConvShape
  readonly #padded: Padded
  readonly #places: Places
  /** Blocks of filters and of taps in a group. */
  readonly #filterBlocks: number
  readonly #termBlocks: number
  #sums = 0

  constructor(memory: Memory, single: boolean, shape: ConvShape, padded: Padded, places: Places) {
    this.#memory = memory
    this.#view = single ? memory.f32 : memory.f64
    this.#shape = shape
    this.#padded = padded
    this.#places = places
    this.#filterBlocks = Math.ceil(shape.filters / 3)
    this.#termBlocks = Math.ceil((shape.channels * shape.taps) / 4)
  }

  run(from: number, to: number, places: readonly number[], workspace: number): void {
    const { groups, channels, filters, area, places: outputs, images } = this.#shape
    const view = this.#view
    const bytes = view.BYTES_PER_ELEMENT
    const x = (places[0]! / bytes) | 0
    const g = (places[1]! / bytes) | 0
    this.#sums = ((workspace + this.#places.sums) / 8) | 0
    if (from === 0) this.#begin()
    this.#listPlaces(workspace)
    for (let image = from; image < to; image++) {
      const ct = g + image * groups * filters * outputs
      if (!allFinite(view, ct, ct + groups * filters * outputs)) {
        carefulConvWeight(this.#shape, view, image, x, g, this.#memory.f64, this.#sumAt)
        continue
      }
      for (let group = 0; group < groups; group++)
        this.#addGroup(
          workspace,
          group,
          x + (image * groups + group) * channels * area,
          ct + group * filters * outputs,
        )
    }
    if (to === images) this.#finish((places[2]! / bytes) | 0)
  }

  #begin(): void {
    const count = 12 * this.#shape.groups * this.#filterBlocks * this.#termBlocks
    this.#memory.f64.fill(0, this.#sums, this.#sums + count)
  }

  /** Where each tap of each channel and each output position is in the padded image, from the first. */
  #listPlaces(workspace: number): void {
    const { channels, y, x } = this.#shape
    const { rows, columns } = this.#padded
    const { i32 } = this.#memory
    let at = ((workspace + this.#places.offsets) / 4) | 0
    for (let c = 0; c < channels; c++)
      for (let ky = 0; ky < y.kernel; ky++)
        for (let kx = 0; kx < x.kernel; kx++)
          i32[at++] = (c * rows + ky * y.dilation) * columns + kx * x.dilation
    at = ((workspace + this.#places.positions) / 4) | 0
    for (let oy = 0; oy < y.places; oy++)
      for (let ox = 0; ox < x.places; ox++) i32[at++] = oy * y.stride * columns + ox * x.stride
  }

  #addGroup(workspace: number, group: number, x: number, g: number): void {
    const { channels, filters, taps, places: outputs } = this.#shape
    const { f64, i32 } = this.#memory
    const image = ((workspace + this.#places.image) / 8) | 0
    const offsets = ((workspace + this.#places.offsets) / 4) | 0
    const positions = ((workspace + this.#places.positions) / 4) | 0
    const last = channels * taps - 1
    padImage(this.#padded, f64, image, this.#view, x, channels, this.#shape.y.size, this.#shape.x.size)
    let sums = this.#sums + 12 * group * this.#filterBlocks * this.#termBlocks
    for (let f = 0; f < filters; f += 3) {
      const f1 = Math.min(1, filters - 1 - f) * outputs
      const f2 = Math.min(2, filters - 1 - f) * outputs
      for (let t = 0; t <= last; t += 4) {
        const t0 = i32[offsets + t]!
        const t1 = i32[offsets + Math.min(t + 1, last)]! - t0
        const t2 = i32[offsets + Math.min(t + 2, last)]! - t0
        const t3 = i32[offsets + Math.min(t + 3, last)]! - t0
        const from = g + f * outputs
        sumsOverPositions(
          f64,
          image + t0,
          t1,
          t2,
          t3,
          i32,
          positions,
          outputs,
          this.#view,
          from,
          f1,
          f2,
          sums,
        )
        sums += 12
      }
    }
  }

  /** The place of one sum. */
  readonly #sumAt = (filter: number, channel: number, tap: number): number => {
    const { filters, taps } = this.#shape
    const group = Math.floor(filter / filters)
    const f = filter - group * filters
    const t = channel * taps + tap
    const block = (group * this.#filterBlocks + Math.floor(f / 3)) * this.#termBlocks + Math.floor(t / 4)
    return this.#sums + 12 * block + 4 * (f % 3) + (t % 4)
  }

  #finish(out: number): void {
    const { groups, filters, channels, taps } = this.#shape
    let to = out
    for (let f = 0; f < groups * filters; f++)
      for (let c = 0; c < channels; c++)
        for (let tap = 0; tap < taps; tap++) this.#view[to++] = this.#memory.f64[this.#sumAt(f, c, tap)]!
  }
}
