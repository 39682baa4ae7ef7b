import type { DType, ReductionOp } from '@stint/graph'
import { isFloat } from '@stint/graph'
import type { Memory } from '../memory.ts'
import { type Instruction, roundTo } from './instructions.ts'
import type { Lane } from './lane.ts'
import { copyLanes, fillLanes, type Lanes } from './lanes.ts'
import type { Tile } from './tile.ts'

/** What accumulators start from. */
export const initials: { readonly [K in ReductionOp]: number } = {
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
  sum: 0,
}

/** z[c + p] = f(z[c + p], x[a + p·per], x[a + p·per + 1], …) for each of `points`: elements of a point are neighbours. */
type FoldRows = (points: number, per: number, z: Float64Array, c: number, x: Lanes, a: number) => void

type Kind = ReductionOp | 'integerSum'

const foldRows: { readonly [K in Kind]: FoldRows } = {
  sum(points, per, z, c, x, a) {
    for (let p = 0; p < points; p++) {
      let acc = z[c + p]!
      for (const end = a + per; a < end; a++) acc += x[a]!
      z[c + p] = acc
    }
  },
  integerSum(points, per, z, c, x, a) {
    for (let p = 0; p < points; p++) {
      let acc = z[c + p]!
      for (const end = a + per; a < end; a++) acc = (acc + x[a]!) | 0
      z[c + p] = acc
    }
  },
  max(points, per, z, c, x, a) {
    for (let p = 0; p < points; p++) {
      let acc = z[c + p]!
      for (const end = a + per; a < end; a++) acc = Math.max(acc, x[a]!)
      z[c + p] = acc
    }
  },
  min(points, per, z, c, x, a) {
    for (let p = 0; p < points; p++) {
      let acc = z[c + p]!
      for (const end = a + per; a < end; a++) acc = Math.min(acc, x[a]!)
      z[c + p] = acc
    }
  },
}

/** The same where neighbours belong to different points: memory is read in order, and so is each point. */
const foldColumns: { readonly [K in Kind]: FoldRows } = {
  sum(points, per, z, c, x, a) {
    for (let r = 0; r < per; r++) {
      for (let p = 0; p < points; p++) z[c + p] = z[c + p]! + x[a + p]!
      a += points
    }
  },
  integerSum(points, per, z, c, x, a) {
    for (let r = 0; r < per; r++) {
      for (let p = 0; p < points; p++) z[c + p] = (z[c + p]! + x[a + p]!) | 0
      a += points
    }
  },
  max(points, per, z, c, x, a) {
    for (let r = 0; r < per; r++) {
      for (let p = 0; p < points; p++) z[c + p] = Math.max(z[c + p]!, x[a + p]!)
      a += points
    }
  },
  min(points, per, z, c, x, a) {
    for (let r = 0; r < per; r++) {
      for (let p = 0; p < points; p++) z[c + p] = Math.min(z[c + p]!, x[a + p]!)
      a += points
    }
  },
}

/** How the points of a block lie: each in neighbouring elements (`rows`), or side by side (`columns`). */
export interface PointLayout {
  readonly kind: 'rows' | 'columns'
  readonly tile: Tile
  /** Points of a block. */
  points: number
}

/** f64 accumulators in the workspace, one a point. */
export class Accumulators {
  readonly view: Float64Array
  readonly #offset: number
  readonly #initial: number
  at = 0

  constructor(memory: Memory, offset: number, initial: number) {
    this.view = memory.f64
    this.#offset = offset
    this.#initial = initial
  }

  place(workspace: number): void {
    this.at = ((workspace + this.#offset) / 8) | 0
  }

  reset(points: number): void {
    this.view.fill(this.#initial, this.at, this.at + points)
  }
}

/** Folds a lane into the accumulators. */
export class Fold implements Instruction {
  readonly #fold: FoldRows
  readonly #lane: Lane
  readonly #into: Accumulators
  readonly #layout: PointLayout

  constructor(op: ReductionOp, dtype: DType, lane: Lane, into: Accumulators, layout: PointLayout) {
    const kind = op === 'sum' && !isFloat(dtype) ? 'integerSum' : op
    this.#fold = (layout.kind === 'rows' ? foldRows : foldColumns)[kind]
    this.#lane = lane
    this.#into = into
    this.#layout = layout
  }

  run(): void {
    const { points, tile } = this.#layout
    const { view, at } = this.#lane
    this.#fold(points, (tile.n / points) | 0, this.#into.view, this.#into.at, view, at)
  }
}

/** The rounded value of a reduction, at each point of the block. */
export class Total implements Instruction {
  readonly #lane: Lane
  readonly #dtype: DType
  readonly #from: Accumulators
  readonly #layout: PointLayout

  constructor(lane: Lane, dtype: DType, from: Accumulators, layout: PointLayout) {
    this.#lane = lane
    this.#dtype = dtype
    this.#from = from
    this.#layout = layout
  }

  run(): void {
    const { view, at } = this.#lane
    const { view: from, at: first } = this.#from
    for (let p = 0; p < this.#layout.points; p++) view[at + p] = roundTo(this.#dtype, from[first + p]!)
  }
}

/** The value of each point at all of its elements. */
export class SpreadPoints implements Instruction {
  readonly #lane: Lane
  readonly #from: Lane
  readonly #layout: PointLayout

  constructor(lane: Lane, from: Lane, layout: PointLayout) {
    this.#lane = lane
    this.#from = from
    this.#layout = layout
  }

  run(): void {
    const { kind, points, tile } = this.#layout
    const { view, at } = this.#lane
    const { view: from, at: first } = this.#from
    const per = (tile.n / points) | 0
    if (kind === 'columns')
      for (let i = 0; i < per; i++) copyLanes(points, view, at + i * points, from, first)
    else for (let p = 0; p < points; p++) fillLanes(per, view, at + p * per, from[first + p]!)
  }
}
