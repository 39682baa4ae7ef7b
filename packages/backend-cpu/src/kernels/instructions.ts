import type { Affine, Expr, Guard } from '@stint/engine'
import { type DType, dtypeBytes, randomBitsOf, type TypedArray } from '@stint/graph'
import type { Memory } from '../memory.ts'
import { type Loop, loopOf } from './elementwise.ts'
import type { Frame, Lane } from './lane.ts'
import { copyLanes, fillLanes, type Load, laneBytes, loads, type Store, stores } from './lanes.ts'
import type { Node } from './schedule.ts'
import { Rows, type Tile, valueAt } from './tile.ts'

/** Computes one expression over the block that the tile is at. */
export interface Instruction {
  run(): void
}

/** What instructions are made from. */
export interface Context {
  readonly memory: Memory
  readonly frame: Frame
  readonly tile: Tile
  /** The lane of each expression. */
  readonly lanes: readonly Lane[]
  readonly exprs: readonly Node[]
}

type ExprOf<K extends Expr['kind']> = Extract<Expr, { kind: K }>

/** The instruction of an expression that has a lane of its own (`lane`). */
export function instructionOf(expr: Expr, lane: Lane, context: Context): Instruction {
  const { tile, lanes } = context
  switch (expr.kind) {
    case 'load':
      return new LoadRows(expr, lane, context)
    case 'apply':
      return new Apply(expr, lane, context)
    case 'splat':
      return new Fill(lane, roundTo(expr.dtype, expr.value), tile)
    case 'iota':
      return new Iota(expr, lane, tile)
    case 'random':
      return new Random(expr, lane, context)
    case 'select':
      return new Select(expr, lane, lanes[expr.inside]!, lanes[expr.outside]!, tile)
    default:
      throw new RangeError(`no instruction for ${expr.kind}`)
  }
}

/** What an element of this dtype holds of `value`. */
export function roundTo(dtype: DType, value: number): number {
  if (dtype === 'bool') return value === 0 ? 0 : 1
  if (dtype === 'i32') return value | 0
  if (dtype === 'u32') return value >>> 0
  return dtype === 'u8' ? value & 255 : value
}

class Fill implements Instruction {
  readonly #lane: Lane
  readonly #value: number
  readonly #tile: Tile

  constructor(lane: Lane, value: number, tile: Tile) {
    this.#lane = lane
    this.#value = value
    this.#tile = tile
  }

  run(): void {
    fillLanes(this.#tile.n, this.#lane.view, this.#lane.at, this.#value)
  }
}

class Apply implements Instruction {
  readonly #loop: Loop
  readonly #tile: Tile
  readonly #z: Lane
  readonly #x: Lane
  readonly #y: Lane
  readonly #w: Lane

  constructor(expr: ExprOf<'apply'>, lane: Lane, { exprs, lanes, tile }: Context) {
    this.#loop = loopOf(
      expr.op,
      expr.args.map(i => exprs[i]!.dtype),
      expr.dtype,
    )
    this.#tile = tile
    this.#z = lane
    this.#x = lanes[expr.args[0]!]!
    this.#y = expr.args.length > 1 ? lanes[expr.args[1]!]! : this.#x
    this.#w = expr.args.length > 2 ? lanes[expr.args[2]!]! : this.#x
  }

  run(): void {
    const z = this.#z
    const x = this.#x
    const y = this.#y
    const w = this.#w
    this.#loop(this.#tile.n, z.view, z.at, x.view, x.at, y.view, y.at, w.view, w.at)
  }
}

/** Where all guards hold along a row that begins at `index`: from `from` to before `to`. */
class Span {
  readonly guards: readonly Guard[]
  from = 0
  to = 0

  constructor(guards: readonly Guard[]) {
    this.guards = guards
  }

  find(index: readonly number[], n: number): void {
    let from = 0
    let to = n
    for (let g = 0; g < this.guards.length; g++) {
      const { at, low, high } = this.guards[g]!
      const first = valueAt(at, index)
      const step = at.coefs[at.coefs.length - 1]!
      if (step === 0) {
        if (first < low || first >= high) to = 0
      } else if (step > 0) {
        from = Math.max(from, Math.ceil((low - first) / step))
        to = Math.min(to, Math.ceil((high - first) / step))
      } else {
        from = Math.max(from, Math.floor((first - high) / -step) + 1)
        to = Math.min(to, Math.floor((first - low) / -step) + 1)
      }
    }
    this.to = Math.max(0, to)
    this.from = Math.min(from, this.to)
  }
}

/** Elements of an operand, zero where a guard fails. */
class LoadRows extends Rows implements Instruction {
  readonly #lane: Lane
  readonly #load: Load
  readonly #view: TypedArray
  readonly #frame: Frame
  readonly #operand: number
  readonly #bytes: number
  readonly #map: Affine
  /** Step from element to element where it is the same throughout a block, and nothing is guarded. */
  readonly #step: number | null
  readonly #rowStep: number
  readonly #span: Span

  constructor(expr: ExprOf<'load'>, lane: Lane, { memory, frame, tile }: Context) {
    super(tile)
    this.#lane = lane
    this.#load = loads[expr.dtype]
    this.#view = memory.view(expr.dtype)
    this.#frame = frame
    this.#operand = expr.operand
    this.#bytes = dtypeBytes(expr.dtype)
    this.#map = expr.at
    this.#step = expr.guards.length === 0 ? tile.stepOf(expr.at) : null
    this.#rowStep = expr.at.coefs[tile.domain.length - 1]!
    this.#span = new Span(expr.guards)
  }

  get #base(): number {
    return (this.#frame.args[this.#operand]! / this.#bytes) | 0
  }

  override run(): void {
    const { tile } = this
    const lane = this.#lane
    if (this.#step === null) super.run()
    else {
      const from = this.#base + valueAt(this.#map, tile.start)
      if (this.#step === 0) fillLanes(tile.n, lane.view, lane.at, this.#view[from]!)
      else this.#load(tile.n, lane.view, lane.at, this.#view, from, this.#step)
    }
  }

  protected row(at: number, n: number): void {
    const span = this.#span
    const { view, at: first } = this.#lane
    span.find(this.index, n)
    const from = this.#base + valueAt(this.#map, this.index) + span.from * this.#rowStep
    const some = span.to - span.from
    if (span.from > 0) fillLanes(span.from, view, first + at, 0)
    if (this.#rowStep === 0 && some > 8) fillLanes(some, view, first + at + span.from, this.#view[from]!)
    else this.#load(some, view, first + at + span.from, this.#view, from, this.#rowStep)
    if (span.to < n) fillLanes(n - span.to, view, first + at + span.to, 0)
  }
}

/** `inside` where all guards hold, `outside` elsewhere. */
class Select extends Rows implements Instruction {
  readonly #lane: Lane
  readonly #inside: Lane
  readonly #outside: Lane
  readonly #span: Span

  constructor(expr: ExprOf<'select'>, lane: Lane, inside: Lane, outside: Lane, tile: Tile) {
    super(tile)
    this.#lane = lane
    this.#inside = inside
    this.#outside = outside
    this.#span = new Span(expr.guards)
  }

  protected row(at: number, n: number): void {
    const span = this.#span
    span.find(this.index, n)
    this.#copy(this.#outside, at, span.from)
    this.#copy(this.#inside, at + span.from, span.to - span.from)
    this.#copy(this.#outside, at + span.to, n - span.to)
  }

  #copy(from: Lane, at: number, n: number): void {
    copyLanes(n, this.#lane.view, this.#lane.at + at, from.view, from.at + at)
  }
}

class Iota extends Rows implements Instruction {
  readonly #lane: Lane
  readonly #map: Affine
  readonly #step: number
  readonly #dtype: DType

  constructor(expr: ExprOf<'iota'>, lane: Lane, tile: Tile) {
    super(tile)
    this.#lane = lane
    this.#map = expr.at
    this.#step = expr.at.coefs[tile.domain.length - 1]!
    this.#dtype = expr.dtype
  }

  protected row(at: number, n: number): void {
    const { view, at: first } = this.#lane
    const value = valueAt(this.#map, this.index)
    // Indices are whole and below 2³¹: only bytes and bools cannot hold them.
    if (laneBytes(this.#dtype) === 8 || this.#dtype === 'f32')
      for (let i = 0; i < n; i++) view[first + at + i] = value + i * this.#step
    else for (let i = 0; i < n; i++) view[first + at + i] = roundTo(this.#dtype, value + i * this.#step)
  }
}

/** Random bits of the logical elements; drawn into words of the workspace, then taken as numbers. */
class Random extends Rows implements Instruction {
  readonly #expr: ExprOf<'random'>
  readonly #lane: Lane
  readonly #seed: Lane
  readonly #step: Lane
  readonly #words: Uint32Array
  readonly #stride: number
  readonly #whole: boolean

  constructor(expr: ExprOf<'random'>, lane: Lane, { memory, lanes, tile }: Context) {
    super(tile)
    this.#expr = expr
    this.#lane = lane
    this.#seed = lanes[expr.seed]!
    this.#step = lanes[expr.step]!
    this.#words = memory.u32
    this.#stride = expr.at.coefs[tile.domain.length - 1]!
    this.#whole = tile.stepOf(expr.at) === 1
  }

  override run(): void {
    if (this.#whole) this.#draw(0, this.tile.n, valueAt(this.#expr.at, this.tile.start))
    else super.run()
  }

  protected row(at: number, n: number): void {
    const first = valueAt(this.#expr.at, this.index)
    if (this.#stride === 1) this.#draw(at, n, first)
    else for (let i = 0; i < n; i++) this.#draw(at + i, 1, first + i * this.#stride)
  }

  /** Lanes are f64, so that the words fit into the upper half of those that they become. */
  #draw(at: number, n: number, element: number): void {
    const { key, call } = this.#expr
    const seed = this.#seed
    const step = this.#step
    const { view, at: first } = this.#lane
    const words = 2 * (first + at) + n
    const [low, high] = key
    randomBitsOf(seed.view[seed.at]!, step.view[step.at]!, low, high, call, element, this.#words, words, n)
    for (let i = 0; i < n; i++) view[first + at + i] = this.#words[words + i]!
  }
}

/** Writes a lane to a result. */
export class StoreRows extends Rows implements Instruction {
  readonly #lane: Lane
  readonly #store: Store
  readonly #view: TypedArray
  readonly #frame: Frame
  readonly #arg: number
  readonly #bytes: number
  readonly #map: Affine
  readonly #step: number | null
  readonly #rowStep: number

  constructor(
    dtype: DType,
    arg: number,
    map: Affine,
    lane: Lane,
    { memory, frame, tile }: Pick<Context, 'memory' | 'frame' | 'tile'>,
  ) {
    super(tile)
    this.#lane = lane
    this.#store = stores[dtype]
    this.#view = memory.view(dtype)
    this.#frame = frame
    this.#arg = arg
    this.#bytes = dtypeBytes(dtype)
    this.#map = map
    this.#step = tile.stepOf(map)
    this.#rowStep = map.coefs[tile.domain.length - 1]!
  }

  get #base(): number {
    return (this.#frame.args[this.#arg]! / this.#bytes) | 0
  }

  override run(): void {
    const { tile } = this
    const { view, at } = this.#lane
    const step = this.#step
    if (step === null) {
      super.run()
      return
    }
    const to = this.#base + valueAt(this.#map, tile.start)
    if (step === 1 && view === this.#view) view.copyWithin(to, at, at + tile.n)
    else this.#store(tile.n, this.#view, to, step, view, at)
  }

  protected row(at: number, n: number): void {
    const to = this.#base + valueAt(this.#map, this.index)
    this.#store(n, this.#view, to, this.#rowStep, this.#lane.view, this.#lane.at + at)
  }
}
