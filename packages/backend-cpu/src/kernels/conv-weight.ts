import type { ConvAttrs, Type } from '@stint/graph'
import type { Memory } from '../memory.ts'
import type { CoreOf } from './anchor.ts'
import { allFinite, type Padded, padded, padImage } from './conv-buffer.ts'
import { carefulConvWeight } from './conv-careful.ts'
import { type Axis, type ConvShape, convShape, imagesAtATime } from './conv-shape.ts'
import { addTerms, sumCount, termSize } from './conv-sums.ts'
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
    const image = padded(span(shape.y), span(shape.x), shape.y.before, shape.x.before)
    const taps = shape.channels * shape.taps
    const layout = new Layout()
    const places: Places = {
      image: layout.add(8 * shape.channels * image.area),
      sums: layout.add(8 * sumCount * shape.groups * Math.ceil(shape.filters / 3) * Math.ceil(taps / 4)),
      terms: layout.add(8 * termSize * Math.min(shape.places, positionsAtATime)),
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
      compile: memory => new ConvWeightRun(memory, result.dtype === 'f32', shape, image, places),
    }
  },
}

/** Output positions whose cotangents are packed together. */
const positionsAtATime = 256

/** Where things are in the workspace, in bytes. */
interface Places {
  readonly image: number
  readonly sums: number
  readonly terms: number
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
    const count = sumCount * this.#shape.groups * this.#filterBlocks * this.#termBlocks
    this.#memory.f64.fill(0, this.#sums, this.#sums + count)
  }

  #addGroup(workspace: number, group: number, x: number, g: number): void {
    const { channels, filters, places } = this.#shape
    const { f64 } = this.#memory
    const image = ((workspace + this.#places.image) / 8) | 0
    padImage(this.#padded, f64, image, this.#view, x, channels, this.#shape.y.size, this.#shape.x.size)
    const first = this.#sums + sumCount * group * this.#filterBlocks * this.#termBlocks
    for (let from = 0; from < places; from += positionsAtATime) {
      const to = Math.min(places, from + positionsAtATime)
      let sums = first
      for (let f = 0; f < filters; f += 3) {
        this.#addPositions(workspace, from, to, image, g + f * places, filters - 1 - f, sums)
        sums += sumCount * this.#termBlocks
      }
    }
  }

  /** Adds some positions to the sums of all taps of three filters; `more` tells how many follow the first. */
  #addPositions(
    workspace: number,
    from: number,
    to: number,
    image: number,
    g: number,
    more: number,
    sums: number,
  ): void {
    const { channels, taps, places } = this.#shape
    const { f64 } = this.#memory
    const terms = ((workspace + this.#places.terms) / 8) | 0
    const end = terms + termSize * (to - from)
    this.#listTerms(terms, from, to, g, Math.min(1, more) * places, Math.min(2, more) * places)
    const last = channels * taps - 1
    let at = sums
    for (let t = 0; t <= last; t += 4) {
      const x0 = image + this.#tapOffset(t)
      const x1 = image + this.#tapOffset(Math.min(t + 1, last))
      const x2 = image + this.#tapOffset(Math.min(t + 2, last))
      const x3 = image + this.#tapOffset(Math.min(t + 3, last))
      addTerms(f64, terms, end, x0, x1, x2, x3, at, at)
      at += sumCount
    }
  }

  /** Place in the padded image and cotangents of three filters, of the positions from `from` to before `to`. */
  #listTerms(terms: number, from: number, to: number, g: number, g1: number, g2: number): void {
    const { y, x } = this.#shape
    const { columns } = this.#padded
    const { f64 } = this.#memory
    const view = this.#view
    let row = (from / x.places) | 0
    let column = from - row * x.places
    let at = terms
    for (let p = g + from; p < g + to; p++) {
      f64[at] = row * y.stride * columns + column * x.stride
      f64[at + 1] = view[p]!
      f64[at + 2] = view[p + g1]!
      f64[at + 3] = view[p + g2]!
      at += termSize
      column++
      if (column === x.places) {
        column = 0
        row++
      }
    }
  }

  /** Where tap `t` of all channels is in the padded image, from the position that it is read at. */
  #tapOffset(t: number): number {
    const { taps, y, x } = this.#shape
    const { area, columns } = this.#padded
    const channel = (t / taps) | 0
    const ky = ((t - channel * taps) / x.kernel) | 0
    const kx = t - channel * taps - ky * x.kernel
    return channel * area + ky * y.dilation * columns + kx * x.dilation
  }

  /** The place of one sum. */
  readonly #sumAt = (filter: number, channel: number, tap: number): number => {
    const { filters, taps } = this.#shape
    const group = Math.floor(filter / filters)
    const f = filter - group * filters
    const t = channel * taps + tap
    const block = (group * this.#filterBlocks + Math.floor(f / 3)) * this.#termBlocks + Math.floor(t / 4)
    return this.#sums + sumCount * block + 4 * (f % 3) + (t % 4)
  }

  #finish(out: number): void {
    const { groups, filters, channels, taps } = this.#shape
    let to = out
    for (let f = 0; f < groups * filters; f++)
      for (let c = 0; c < channels; c++)
        for (let tap = 0; tap < taps; tap++) this.#view[to++] = this.#memory.f64[this.#sumAt(f, c, tap)]!
  }
}
