import type { Reduction } from '@stint/engine'
import type { Local } from '../../asm/index.ts'
import type { NestCode } from '../code.ts'
import { Facts } from '../facts.ts'
import { forLoop, whileBelow } from '../loops.ts'
import { Places } from '../places.ts'
import { Rows } from '../rows.ts'
import { Values } from '../values.ts'
import { type Accumulator, chunkElements } from './accumulator.ts'
import { accumulatorOf, needsLanes } from './accumulators.ts'
import type { ReducePlan } from './plan.ts'
import { type Range, RowSweep } from './sweep.ts'

/** The reductions of a stage with their accumulators, one for each vector of points. */
export interface Folding {
  readonly reductions: readonly Reduction[]
  readonly accumulators: readonly (readonly Accumulator[])[]
  /** What is written beside: the accesses, and how four elements or one are. Rows alone do so. */
  readonly writes?: {
    readonly to: readonly number[]
    readonly store: (values: Values, lanes: 'four' | 'one') => void
  }
}

/**
 * Points that are computed together: one point whose elements lie along vectors, or one or several vectors of points
 * side by side.
 */
export interface Block {
  /** Values that depend on the point alone: of each vector of points. */
  readonly values: readonly Values[]
  readonly lanes: 'four' | 'one' | 'same'
  /** Folds reduced elements of one chunk, between `startChunk` and `endChunk`. */
  fold(range: Range, folding: Folding): void
  /** Calls `body`, which writes to the accesses `writes`, for every reduced element in the range. */
  each(
    range: Range,
    roots: readonly number[],
    writes: readonly number[],
    body: (values: Values, lanes: 'four' | 'one') => void,
  ): void
  release(): void
}

/** Folds every chunk of the point's elements. */
export function foldAll(code: NestCode, plan: ReducePlan, block: Block, folding: Folding): void {
  const { f } = code
  if (plan.chunks === 1) {
    foldChunk(block, 'all', folding)
    return
  }
  const from = f.local('i32')
  forLoop(f, from, 0, plan.elements, () => foldChunkFrom(code, plan, block, folding, from), chunkElements)
  f.release(from)
}

/** Folds the chunk that begins with element `from`. */
export function foldChunkFrom(
  { f }: NestCode,
  plan: ReducePlan,
  block: Block,
  folding: Folding,
  from: Local,
): void {
  const to = f.local('i32')
  f.get(from).i32(chunkElements).op('i32.add').tee(to).i32(plan.elements)
  f.get(to).i32(plan.elements).op('i32.lt_s').op('select').set(to)
  foldChunk(block, [from, to], folding)
  f.release(to)
}

function foldChunk(block: Block, range: Range, folding: Folding): void {
  block.fold(range, folding)
  for (const accumulator of folding.accumulators.flat()) accumulator.endChunk()
}

/** Accumulators for the reductions of a stage, started. */
export function startFolding(code: NestCode, plan: ReducePlan, block: Block, stage: number): Folding {
  const reductions = plan.nest.reductions.filter(r => r.stage === stage)
  const accumulators = block.values.map(() =>
    reductions.map(r => accumulatorOf(code.f, r, plan.kind === 'columns')),
  )
  for (const accumulator of accumulators.flat()) accumulator.start()
  return { reductions, accumulators }
}

/** One point, its elements along the vectors. */
export class RowBlock implements Block {
  readonly values: readonly Values[]
  readonly lanes = 'same'
  readonly #places: Places
  readonly #point: Values
  readonly #sweep: RowSweep

  constructor(
    code: NestCode,
    plan: ReducePlan,
    indices: ReadonlyMap<number, Local>,
    needed: readonly number[],
    roots: readonly number[],
  ) {
    this.#places = new Places(code, null, indices)
    this.#places.locate(needed)
    this.#point = new Values(this.#places, [], { facts: new Facts(code.domain), lanes: 'same' })
    this.#point.hoist(roots)
    this.values = [this.#point]
    this.#sweep = new RowSweep(code, plan.nest.keep)
  }

  fold(range: Range, { reductions, accumulators, writes }: Folding): void {
    const [list] = accumulators as [readonly Accumulator[]]
    for (const accumulator of list) accumulator.startChunk()
    this.#sweep.fold(
      range,
      this.#places,
      this.#point,
      reductions.map(r => r.expr),
      writes?.to ?? [],
      reductions.some(needsLanes),
      values => {
        for (const [i, r] of reductions.entries()) list[i]!.add(values.value(r.expr))
        writes?.store(values, 'four')
      },
      (values, masks) => {
        for (const [i, r] of reductions.entries()) list[i]!.addOne(values.value(r.expr), masks)
        writes?.store(values, 'one')
      },
    )
  }

  each(
    range: Range,
    roots: readonly number[],
    writes: readonly number[],
    body: (values: Values, lanes: 'four' | 'one') => void,
  ): void {
    this.#sweep.each(range, this.#places, this.#point, roots, writes, 1, body)
  }

  release(): void {
    this.#point.release()
    this.#places.release()
  }
}

/** Vectors of points side by side, from `column` on. */
export class ColumnBlock implements Block {
  readonly values: readonly Values[]
  readonly lanes: 'four' | 'one'
  readonly #code: NestCode
  readonly #plan: ReducePlan
  readonly #facts: Facts
  readonly #places: Places

  constructor(
    code: NestCode,
    plan: ReducePlan,
    indices: ReadonlyMap<number, Local>,
    needed: readonly number[],
    roots: readonly number[],
    column: Local,
    vectors: number,
    lanes: 'four' | 'one',
    facts: Facts,
  ) {
    this.#code = code
    this.#plan = plan
    this.#facts = facts
    this.lanes = lanes
    this.#places = new Places(code, null, new Map([...indices, [code.axis, column]]))
    this.#places.locate(needed)
    this.values = Array.from({ length: vectors }, (_, k) => {
      const values = new Values(this.#places, [], { facts, lanes, ahead: 4 * k })
      values.hoist(roots)
      return values
    })
  }

  fold(range: Range, { reductions, accumulators }: Folding): void {
    const { f } = this.#code
    const all = accumulators.flat()
    const step = (from: Local | number, by: number): void =>
      this.#rows(
        from,
        by,
        range === 'all' ? this.#plan.elements : range[1],
        reductions.map(r => r.expr),
        [],
        (values, k) => {
          for (const [i, r] of reductions.entries()) accumulators[k]![i]!.add(values.value(r.expr))
        },
      )
    const from = range === 'all' ? 0 : range[0]
    if (!reductions.some(needsLanes)) {
      for (const accumulator of all) accumulator.startChunk()
      step(from, 1)
      return
    }
    const [pass, first] = [f.local('i32'), f.local('i32')]
    forLoop(f, pass, 0, 4, () => {
      for (const accumulator of all) accumulator.startChunk()
      // Lanes 0, 2, 1, 3: so that those that are added first come one after the other.
      f.get(pass).i32(1).op('i32.and').i32(1).op('i32.shl').get(pass).i32(1).op('i32.shr_u').op('i32.or')
      if (from !== 0) f.get(from as Local).op('i32.add')
      f.set(first)
      step(first, 4)
      for (const accumulator of all) accumulator.endLane(pass)
    })
    f.release(pass, first)
  }

  each(
    range: Range,
    roots: readonly number[],
    writes: readonly number[],
    body: (values: Values, lanes: 'four' | 'one') => void,
  ): void {
    const [from, to] = range === 'all' ? [0, this.#plan.elements] : range
    this.#rows(from, 1, to, roots, writes, values => body(values, this.lanes))
  }

  release(): void {
    for (const values of this.values) values.release()
    this.#places.release()
  }

  /** Every `by`-th reduced element from `from` on, for all points of the block. */
  #rows(
    from: Local | number,
    by: number,
    to: Local | number,
    roots: readonly number[],
    writes: readonly number[],
    body: (values: Values, vector: number) => void,
  ): void {
    const { f } = this.#code
    const element = f.local('i32')
    if (typeof from === 'number') f.i32(from)
    else f.get(from)
    f.set(element)
    whileBelow(f, element, to, by, () => {
      const indices = this.#reducedIndices(element)
      const row = new Rows(this.#code, roots, ({ places: at, facts, needed }) => {
        const places = at.branch()
        places.locate([...needed, ...writes])
        for (const [k, point] of this.values.entries()) {
          const values = new Values(places, [point], { facts, lanes: this.lanes, ahead: 4 * k })
          body(values, k)
          values.release()
        }
        places.release()
      })
      row.emit(this.#places.bind(indices), this.#facts, 0, 0)
      f.release(...[...indices.values()].filter(index => index !== element))
    })
    f.release(element)
  }

  /** Indices along the reduced axes of element number `element`. */
  #reducedIndices(element: Local): Map<number, Local> {
    const { domain } = this.#code
    const axes = domain.map((_, a) => a).filter(a => a >= this.#plan.nest.keep)
    return axes.length === 1 ? new Map([[axes[0]!, element]]) : unravel(this.#code, element, axes)
  }
}

/** The indices along `axes` of row-major number `number`, in new locals. */
export function unravel({ f, domain }: NestCode, number: Local, axes: readonly number[]): Map<number, Local> {
  const indices = new Map<number, Local>()
  let inner = 1
  for (const [i, axis] of [...axes].reverse().entries()) {
    const index = f.local('i32')
    f.get(number)
    if (inner > 1) f.i32(inner).op('i32.div_u')
    if (i < axes.length - 1) f.i32(domain[axis]!).op('i32.rem_u')
    f.set(index)
    indices.set(axis, index)
    inner *= domain[axis]!
  }
  return indices
}
