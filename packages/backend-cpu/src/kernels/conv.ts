import type { ConvAttrs, Type } from '@stint/graph'
import type { Memory } from '../memory.ts'
import type { CoreOf } from './anchor.ts'
import { allFinite, type Padded, padded, padImage } from './conv-buffer.ts'
import { carefulConv, carefulConvInput } from './conv-careful.ts'
import { type Axis, type ConvShape, convShape, imagesAtATime } from './conv-shape.ts'
import { type Grid, sumCount, sumsAtPositions, type Terms, termSize } from './conv-sums.ts'
import type { Core, CoreRun } from './core.ts'
import { Layout } from './design.ts'
import type { Lanes } from './lanes.ts'

/**
 * A convolution and its transpose in the input, image by image and group by group: a padded f64 copy of what is read,
 * then sums at regular grids of positions over the same terms.
 *
 * Padding holds zeros. They are multiplied and added like the rest, which changes no bit: a sum that begins with +0 is
 * never −0, and any other number plus ±0 is itself. That needs finite weights; with others, the careful loops skip what lies outside.
 */
interface Method {
  /** Channels of a group that are read, and written. */
  readonly read: number
  readonly written: number
  /** Height and width of the image that is read, and elements of a channel that is written. */
  readonly height: number
  readonly width: number
  readonly outArea: number
  readonly padded: Padded
  readonly grids: readonly TermGrid[]
  /** Element of the weights (from the group's first) of written channel `c`, read channel `r`, tap 0: r·readStep + c·writtenStep. */
  readonly readStep: number
  readonly writtenStep: number
}

/** Positions that share their terms: for each read channel the taps, with their offsets in the padded image. */
interface TermGrid extends Grid {
  readonly taps: readonly { readonly tap: number; readonly offset: number }[]
}

/** `x [N, C, ...S]`, `w [F, C/groups, ...K]` → `[N, F, ...O]`. */
export const convCore: CoreOf<ConvAttrs> = {
  make([x, w], result, attrs) {
    const shape = convShape((x as Type).shape, (w as Type).shape, result.shape, attrs)
    return core(shape, forward(shape), result.dtype, carefulConv)
  },
}

/** `ct [N, F, ...O]`, `w [F, C/groups, ...K]` → `[N, C, ...S]`. */
export const convInputCore: CoreOf<ConvAttrs> = {
  make([ct, w], result, attrs) {
    const shape = convShape(result.shape, (w as Type).shape, (ct as Type).shape, attrs)
    return core(shape, transposed(shape), result.dtype, carefulConvInput)
  },
}

function forward(s: ConvShape): Method {
  const span = ({ places, stride, kernel, dilation }: Axis): number =>
    (places - 1) * stride + (kernel - 1) * dilation + 1
  const columns = span(s.x)
  const taps = eachTap(s, (ky, kx, tap) => [{ tap, offset: ky * s.y.dilation * columns + kx * s.x.dilation }])
  const grid: TermGrid = {
    taps,
    rows: s.y.places,
    columns: s.x.places,
    from: 0,
    fromRow: s.y.stride * columns,
    fromColumn: s.x.stride,
    to: 0,
    toRow: s.x.places,
    toColumn: 1,
  }
  return {
    read: s.channels,
    written: s.filters,
    height: s.y.size,
    width: s.x.size,
    outArea: s.places,
    padded: padded(span(s.y), columns, s.y.before, s.x.before),
    grids: [grid],
    readStep: s.taps,
    writtenStep: s.channels * s.taps,
  }
}

function eachTap<T>({ y, x }: ConvShape, visit: (ky: number, kx: number, tap: number) => readonly T[]): T[] {
  const list: T[] = []
  for (let ky = 0; ky < y.kernel; ky++)
    for (let kx = 0; kx < x.kernel; kx++) list.push(...visit(ky, kx, ky * x.kernel + kx))
  return list
}

/**
 * Input position s receives output o through tap k where s + before = o·stride + k·dilation. Positions with equal
 * remainder of (s + before) by the stride form a grid: the same taps reach them, each from an output at a fixed distance.
 */
function transposed(s: ConvShape): Method {
  const [y, x] = [phases(s.y), phases(s.x)]
  const columns = x.span
  const grids = y.list.flatMap(v =>
    x.list.map(
      (h): TermGrid => ({
        taps: eachTap(s, (ky, kx, tap) => {
          const [dy, dx] = [v.distance(ky), h.distance(kx)]
          return dy === null || dx === null ? [] : [{ tap, offset: -dy * columns - dx }]
        }),
        rows: v.count,
        columns: h.count,
        from: v.from * columns + h.from,
        fromRow: columns,
        fromColumn: 1,
        to: v.first * s.x.size + h.first,
        toRow: s.y.stride * s.x.size,
        toColumn: s.x.stride,
      }),
    ),
  )
  return {
    read: s.filters,
    written: s.channels,
    height: s.y.places,
    width: s.x.places,
    outArea: s.area,
    padded: padded(y.span, columns, -y.lowest, -x.lowest),
    grids,
    readStep: s.channels * s.taps,
    writtenStep: s.taps,
  }
}

interface Phase {
  /** The first input position and how many there are, a stride apart. */
  readonly first: number
  readonly count: number
  /** Where the output at distance 0 from the first position is in the padded copy. */
  readonly from: number
  /** How many outputs back tap `k` reads; null if it reaches none of these positions. */
  distance(k: number): number | null
}

/** The phases along one axis, the lowest output that one reads (it may be outside), and how many there are from there. */
function phases({ size, kernel, stride, dilation, before }: Axis): {
  list: Phase[]
  lowest: number
  span: number
} {
  const back = Math.floor(((kernel - 1) * dilation) / stride)
  const lowest = Math.floor(before / stride) - back
  const list: Phase[] = []
  for (let first = 0; first < Math.min(stride, size); first++) {
    const remainder = (first + before) % stride
    list.push({
      first,
      count: Math.ceil((size - first) / stride),
      from: Math.floor((first + before) / stride) - lowest,
      distance: k => ((k * dilation) % stride === remainder ? (k * dilation - remainder) / stride : null),
    })
  }
  return { list, lowest, span: Math.floor((size - 1 + before) / stride) - lowest + 1 }
}

/** The loops that skip what lies outside, for one image: places of source, weights, result. */
type Careful = (s: ConvShape, view: Lanes, image: number, x: number, w: number, out: number) => void

/** Where things are in the workspace, in bytes. */
interface Places {
  readonly image: number
  readonly terms: number
  readonly room: number
}

function core(shape: ConvShape, method: Method, dtype: Type['dtype'], careful: Careful): Core {
  const { read, written, height, width, outArea, grids } = method
  const layout = new Layout()
  const most = read * Math.max(0, ...grids.map(g => g.taps.length))
  const places: Places = {
    image: layout.add(8 * read * method.padded.area),
    terms: layout.add(8 * termSize * most),
    room: layout.add(8 * 2 * sumCount),
  }
  const imageElements = shape.groups * read * height * width
  const resultElements = shape.groups * written * outArea
  return {
    items: shape.images,
    chunk: imagesAtATime(4 * Math.max(imageElements, resultElements)),
    sourceUnits: [imageElements, 0],
    resultUnit: resultElements,
    workspaceBytes: layout.bytes,
    compile: memory => new ConvRun(memory, dtype === 'f32', shape, method, places, careful),
  }
}

class ConvRun implements CoreRun {
  readonly #memory: Memory
  readonly #view: Lanes
  readonly #shape: ConvShape
  readonly #method: Method
  readonly #places: Places
  readonly #careful: Careful
  readonly #terms: Terms

  constructor(
    memory: Memory,
    single: boolean,
    shape: ConvShape,
    method: Method,
    places: Places,
    careful: Careful,
  ) {
    this.#memory = memory
    this.#view = single ? memory.f32 : memory.f64
    this.#shape = shape
    this.#method = method
    this.#places = places
    this.#careful = careful
    this.#terms = { buffer: memory.f64, first: 0, end: 0, room: 0 }
  }

  run(from: number, to: number, places: readonly number[], workspace: number): void {
    const view = this.#view
    const { groups, channels, filters, taps } = this.#shape
    const { read, written, height, width, outArea } = this.#method
    const bytes = view.BYTES_PER_ELEMENT
    const x = (places[0]! / bytes) | 0
    const w = (places[1]! / bytes) | 0
    const out = (places[2]! / bytes) | 0
    const perGroup = filters * channels * taps
    if (!allFinite(view, w, w + groups * perGroup)) {
      for (let image = from; image < to; image++) this.#careful(this.#shape, view, image, x, w, out)
      return
    }
    for (let image = from; image < to; image++)
      for (let group = 0; group < groups; group++) {
        const part = image * groups + group
        this.#group(
          workspace,
          x + part * read * height * width,
          w + group * perGroup,
          out + part * written * outArea,
        )
      }
  }

  /** One group of one image: source, weights and result from these elements on. */
  #group(workspace: number, x: number, w: number, out: number): void {
    const { read, written, height, width, outArea, padded, grids } = this.#method
    const { f64 } = this.#memory
    const terms = this.#terms
    const image = ((workspace + this.#places.image) / 8) | 0
    terms.first = ((workspace + this.#places.terms) / 8) | 0
    terms.room = ((workspace + this.#places.room) / 8) | 0
    padImage(padded, f64, image, this.#view, x, read, height, width)
    for (let g = 0; g < grids.length; g++) {
      const grid = grids[g]!
      terms.end = terms.first + termSize * read * grid.taps.length
      for (let c = 0; c < written; c += 3) {
        const c1 = Math.min(c + 1, written - 1)
        const c2 = Math.min(c + 2, written - 1)
        this.#listTerms(grid, w, c, c1, c2)
        sumsAtPositions(
          grid,
          terms,
          image,
          this.#view,
          out + c * outArea,
          out + c1 * outArea,
          out + c2 * outArea,
        )
      }
    }
  }

  /** Offset and weights of every tap of every channel that is read, for three that are written. */
  #listTerms({ taps }: TermGrid, w: number, c0: number, c1: number, c2: number): void {
    const { read, padded, readStep, writtenStep } = this.#method
    const { buffer } = this.#terms
    const view = this.#view
    let to = this.#terms.first
    for (let r = 0; r < read; r++)
      for (let t = 0; t < taps.length; t++) {
        const { tap, offset } = taps[t]!
        const from = w + r * readStep + tap
        buffer[to] = r * padded.area + offset
        buffer[to + 1] = view[from + c0 * writtenStep]!
        buffer[to + 2] = view[from + c1 * writtenStep]!
        buffer[to + 3] = view[from + c2 * writtenStep]!
        to += termSize
      }
  }
}
