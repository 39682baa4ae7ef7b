import type { Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { isLeftEven, leftSteps, pushLeft, readyLeft } from './dot-left.ts'
import type { DotPlan, Strip } from './dot-plan.ts'
import { DotRight } from './dot-right.ts'
import { DotState } from './dot-state.ts'
import { cap, eachItem, forRange, least, locals, plus, plusIndex, times } from './emit.ts'
import { tilesHelper } from './micro.ts'

/** Sums that are complete: rows `row` to before `row + rows` of a batch, `columns` columns from `column` on. */
export interface Finished {
  readonly batch: Local
  readonly row: Local
  readonly rows: Local
  readonly column: Local
  readonly columns: Local | number
  /** Where the first of them lies, and bytes from row to row. */
  readonly sums: Local
  readonly sumsRow: number
}

/** Where the pieces of a product are. */
export interface DotPlaces {
  /** The dense result, if the sums go straight into it. */
  readonly result?: () => void
  /** Pushes the address of this part's workspace. */
  readonly workspace: () => void
  /** Makes results of sums in the workspace. */
  readonly finish: (sums: Finished) => void
}

/** Emits one phase: this part's share of the items of a product. */
export function emitDot(b: PhaseBuilder, plan: DotPlan, places: DotPlaces): void {
  new DotEmitter(b, plan, places).emit()
}

class DotEmitter {
  readonly b: PhaseBuilder
  readonly plan: DotPlan
  readonly places: DotPlaces
  readonly state: DotState
  readonly right: DotRight
  /** Address of the item's first row of the result, and of the sums of a panel. */
  readonly result: Local
  readonly sums: Local

  constructor(b: PhaseBuilder, plan: DotPlan, places: DotPlaces) {
    this.b = b
    this.plan = plan
    this.places = places
    this.state = new DotState(b, plan)
    this.right = new DotRight(this.state)
    this.result = b.f.local('i32')
    this.sums = b.f.local('i32')
  }

  emit(): void {
    const { f } = this.b
    const { items, rowChunks, columnChunks, chunkRows, chunkColumns, m, n } = this.plan
    const { work, batch, row, rows, column, columns } = this.state
    this.places.workspace()
    f.set(work)
    eachItem(this.b, items, item => {
      f.get(item)
        .i32(rowChunks * columnChunks)
        .op('i32.div_u')
        .set(batch)
      f.get(item).i32(columnChunks).op('i32.div_u').i32(rowChunks).op('i32.rem_u')
      times(f, chunkRows).set(row)
      least(f, m, row, chunkRows, rows)
      times(f.get(item).i32(columnChunks).op('i32.rem_u'), chunkColumns).set(column)
      least(f, n, column, chunkColumns, columns)
      this.#item()
    })
  }

  #item(): void {
    const { f } = this.b
    const { left, right, m, n, k, piece, lane, bare } = this.plan
    const { state } = this
    for (const [matrix, base] of [
      [left, state.left],
      [right, state.right],
    ] as const)
      if (matrix.kind === 'stored')
        plusIndex(plus(f.get(this.b.arg(matrix.operand)), matrix.offset), state.batch, matrix.batch).set(base)
    if (this.places.result !== undefined) {
      this.places.result()
      times(f.get(state.batch).i32(m).op('i32.mul').get(state.row).op('i32.add'), n)
      times(f, lane.bytes).op('i32.add').set(this.result)
    }
    forRange(
      f,
      state.start,
      k,
      () => {
        least(f, k, state.start, piece, state.steps)
        readyLeft(state)
        this.#groups()
      },
      { step: piece },
    )
    if (!bare && piece < k) this.#finishSums(state.column, state.columns)
  }

  /** Bytes from row to row of sums in the workspace. */
  #sumsRow(): number {
    return this.plan.sumColumns * this.plan.lane.bytes
  }

  #finish(row: Local, rows: Local, column: Local, columns: Local | number): void {
    const { batch } = this.state
    this.places.finish({ batch, row, rows, column, columns, sums: this.sums, sumsRow: this.#sumsRow() })
  }

  /** Makes results of the sums in the workspace: those of all rows of the item, in some columns. */
  #finishSums(column: Local, columns: Local): void {
    plus(this.b.f.get(this.state.work), this.plan.sumsAt).set(this.sums)
    this.#finish(this.state.row, this.state.rows, column, columns)
  }

  /** All columns of the item, for one piece of k: in groups that are computed, or finished, at once. */
  #groups(): void {
    const { f } = this.b
    const { bare, groupColumns, chunkColumns, piece, k } = this.plan
    const { column, columns } = this.state
    const [first, end, last, count] = locals(f, 4)
    f.get(column).get(columns).op('i32.add').set(last)
    const group = (from: Local, to: Local, width: Local): void => {
      this.right.compute(from, width)
      this.#panels(from, to, piece === k && !bare ? from : column)
      if (!bare && piece === k) this.#finishSums(from, width)
    }
    if (groupColumns >= chunkColumns) group(column, last, columns)
    else
      forRange(
        f,
        first,
        last,
        () => {
          // The chunk may end inside a group.
          cap(f.get(first).i32(groupColumns).op('i32.add').set(end), end, last)
          f.get(end).get(first).op('i32.sub').set(count)
          group(first, end, count)
        },
        { from: column, step: groupColumns },
      )
    f.release(first, end, last, count)
  }

  /** The panels from column `first` to before `end`; `sums` is the first column of the sums in the workspace. */
  #panels(first: Local, end: Local, sums: Local): void {
    const { f } = this.b
    const { width, strip, tail, n } = this.plan
    const [at, whole] = locals(f, 2)
    if (n >= width) {
      // Chunks begin at multiples of the width.
      f.get(end).i32(-width).op('i32.and').set(whole)
      forRange(f, at, whole, () => this.#panel(at, sums, strip, width), { from: first, step: width })
    }
    if (tail !== null)
      f.get(end)
        .i32(n)
        .op('i32.eq')
        .if(() => {
          f.i32(n - tail.width).set(at)
          this.#panel(at, sums, tail, tail.width)
        })
    f.release(at, whole)
  }

  /** One panel of `width` columns from column `at` on; `first` is that of the sums in the workspace. */
  #panel(at: Local, first: Local, strip: Strip, width: number): void {
    const { f } = this.b
    const { bare, lane, n, sumsAt } = this.plan
    this.right.ready(at, strip, width)
    if (!bare) {
      times(f.get(at).get(first).op('i32.sub'), lane.bytes)
      plus(f.get(this.state.work).op('i32.add'), sumsAt).set(this.sums)
      this.#tiles(strip, null, this.state.rows, this.#sumsRow())
    } else if (width % lane.count === 0) {
      times(f.get(this.result).get(at), lane.bytes).op('i32.add').set(this.sums)
      this.#tiles(strip, null, this.state.rows, n * lane.bytes)
    } else this.#partialPanel(at, strip, width)
  }

  /** A panel of columns that are no whole vectors: its sums pass through the workspace, some rows at a time. */
  #partialPanel(at: Local, strip: Strip, width: number): void {
    const { f } = this.b
    const { piece, k, sumRows, chunkRows, sumsAt } = this.plan
    const { work, row: firstRow, rows, start, steps } = this.state
    const [first, count, row] = locals(f, 3)
    plus(f.get(work), sumsAt).set(this.sums)
    forRange(
      f,
      first,
      rows,
      () => {
        cap(f.get(rows).get(first).op('i32.sub').set(count), count, sumRows)
        this.#tiles(strip, sumRows < chunkRows ? first : null, count, this.#sumsRow())
        const done = (): void => {
          f.get(firstRow).get(first).op('i32.add').set(row)
          this.#finish(row, count, at, width)
        }
        if (piece === k) done()
        else f.get(start).get(steps).op('i32.add').i32(k).op('i32.eq').if(done)
      },
      { step: sumRows },
    )
    f.release(first, count, row)
  }

  /** Tiles of `count` rows from row `first` of the chunk on; the sums of the first row go to `sums`. */
  #tiles(strip: Strip, first: Local | null, count: Local, cRow: number): void {
    const { f } = this.b
    const { piece, k, m, chunkRows, lane } = this.plan
    const [r, whole, row] = locals(f, 3)
    const tiles = (rows: number, many: () => void): void => {
      const bStep = this.right.step(strip.vectors)
      const tile = { lane, ...leftSteps(this.state, rows), vectors: strip.vectors, bStep, cRow }
      if (first === null) f.get(r).set(row)
      else f.get(first).get(r).op('i32.add').set(row)
      pushLeft(this.state, row, rows)
      f.get(this.right.panel)
      times(f.get(this.sums).get(r), cRow).op('i32.add')
      f.get(this.state.steps)
      many()
      if (piece === k) f.i32(0)
      else f.get(this.state.start)
      f.call(tilesHelper(this.b, tile, piece))
    }
    f.get(count).i32(-strip.rows).op('i32.and').set(whole)
    if (isLeftEven(this.state))
      f.get(whole).if(() => {
        f.i32(0).set(r)
        tiles(strip.rows, () => f.get(whole).i32(Math.log2(strip.rows)).op('i32.shr_u'))
      })
    else forRange(f, r, whole, () => tiles(strip.rows, () => f.i32(1)), { step: strip.rows })
    if (m % strip.rows !== 0 || chunkRows % strip.rows !== 0)
      forRange(f, r, count, () => tiles(1, () => f.i32(1)), { from: whole })
    f.release(r, whole, row)
  }
}
