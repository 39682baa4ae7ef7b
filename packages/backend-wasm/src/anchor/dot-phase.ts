import type { Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { emitBlock, type Span } from './block.ts'
import type { DotPlan, Strip } from './dot-plan.ts'
import { type Axis, forRange, plus, plusIndex, times } from './emit.ts'
import { type ComputedMatrix, innerStride, runsOf, type StoredMatrix } from './matrix.ts'
import { type Tile, tilesHelper } from './micro.ts'
import { groupPacker, linePacker, linePairsPacker, panelPacker } from './pack.ts'

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
  readonly work: Local
  readonly batch: Local
  /** First row and column of the item, and how many. */
  readonly row: Local
  readonly rows: Local
  readonly column: Local
  readonly columns: Local
  /** First step of the piece, and how many. */
  readonly start: Local
  readonly steps: Local
  /** Addresses of the matrices of the batch. */
  readonly a: Local
  readonly bb: Local
  readonly c: Local
  /** Address of what a panel's tiles read on the right, and of its first sums. */
  readonly panel: Local
  readonly sums: Local
  /** Address and first column of what is computed of B. */
  readonly block: Local
  readonly blockColumn: Local

  constructor(b: PhaseBuilder, plan: DotPlan, places: DotPlaces) {
    this.b = b
    this.plan = plan
    this.places = places
    const local = (): Local => b.f.local('i32')
    this.work = local()
    this.batch = local()
    this.row = local()
    this.rows = local()
    this.column = local()
    this.columns = local()
    this.start = local()
    this.steps = local()
    this.a = local()
    this.bb = local()
    this.c = local()
    this.panel = local()
    this.sums = local()
    this.block = local()
    this.blockColumn = local()
  }

  emit(): void {
    const { f, part, parts } = this.b
    const { items, rowChunks, columnChunks, chunkRows, chunkColumns, m, n } = this.plan
    this.places.workspace()
    f.set(this.work)
    const [item, end] = [f.local('i32'), f.local('i32')]
    f.get(part).i32(items).op('i32.mul').get(parts).op('i32.div_u').set(item)
    f.get(part).i32(1).op('i32.add').i32(items).op('i32.mul').get(parts).op('i32.div_u').set(end)
    forRange(
      f,
      item,
      end,
      () => {
        f.get(item)
          .i32(rowChunks * columnChunks)
          .op('i32.div_u')
          .set(this.batch)
        f.get(item).i32(columnChunks).op('i32.div_u').i32(rowChunks).op('i32.rem_u')
        times(f, chunkRows).set(this.row)
        least(this.b, m, this.row, chunkRows, this.rows)
        times(f.get(item).i32(columnChunks).op('i32.rem_u'), chunkColumns).set(this.column)
        least(this.b, n, this.column, chunkColumns, this.columns)
        this.#item()
      },
      { from: item },
    )
    f.release(item, end)
  }

  #item(): void {
    const { f } = this.b
    const { left, right, m, n, k, piece, lane, bare } = this.plan
    for (const [matrix, base] of [
      [left, this.a],
      [right, this.bb],
    ] as const)
      if (matrix.kind === 'stored')
        plusIndex(plus(f.get(this.b.arg(matrix.operand)), matrix.offset), this.batch, matrix.batch).set(base)
    if (this.places.result !== undefined) {
      this.places.result()
      times(f.get(this.batch).i32(m).op('i32.mul').get(this.row).op('i32.add'), n)
      times(f, lane.bytes).op('i32.add').set(this.c)
    }
    forRange(
      f,
      this.start,
      k,
      () => {
        least(this.b, k, this.start, piece, this.steps)
        this.#readyLeft()
        this.#panels()
      },
      { step: piece },
    )
    if (!bare && piece < k) this.#finishSums(this.column, this.columns)
  }

  /** Bytes from row to row of sums in the workspace. */
  #sumsRow(): number {
    return this.plan.sumColumns * this.plan.lane.bytes
  }

  #finish(row: Local, rows: Local, column: Local, columns: Local | number, sumsRow: number): void {
    this.places.finish({ batch: this.batch, row, rows, column, columns, sums: this.sums, sumsRow })
  }

  /** Copies or computes the item's rows of A, this piece of them, if they are not read where they lie. */
  #readyLeft(): void {
    const { left, leftBy } = this.plan
    if (left.kind === 'computed') this.#computeLeft(left)
    else if (leftBy === 'lines') this.#copyLines(left)
    else if (leftBy === 'groups') this.#copyGroups(left)
  }

  #computeLeft(left: ComputedMatrix): void {
    const { leftBy, leftPitch, lane, chunkRows } = this.plan
    const strides =
      leftBy === 'rows' ? [0, leftPitch * lane.bytes, lane.bytes] : [0, lane.bytes, leftPitch * lane.bytes]
    const rows = { start: this.row, count: this.rows, unit: chunkRows }
    emitBlock(this.b, {
      grouped: left.grouped,
      spans: [this.#oneBatch(), rows, this.#pieceSpan()],
      into: { expr: left.expr, place: { at: this.work, strides } },
      axis: left.axis,
    })
  }

  #oneBatch(): Span {
    return { start: this.batch, count: 1, unit: 1 }
  }

  #pieceSpan(): Span {
    return { start: this.start, count: this.steps, unit: this.plan.piece }
  }

  /** Pushes the address of row `r` of the chunk where it lies. */
  #storedRow(left: StoredMatrix, r: Local): void {
    const { f } = this.b
    const at = f.local('i32')
    f.get(this.row).get(r).op('i32.add').set(at)
    plusIndex(f.get(this.a), at, left.free)
    this.#plusSteps(left.deep)
    f.release(at)
  }

  #copyLines(left: StoredMatrix): void {
    const { f } = this.b
    const { lane, leftPitch } = this.plan
    const r = f.local('i32')
    const packer = linePacker(this.b, lane, left.deep, lane.bytes)
    forRange(f, r, this.rows, () => {
      times(f.get(this.work).get(r), leftPitch * lane.bytes).op('i32.add')
      this.#storedRow(left, r)
      this.#pushSteps(left.deep).call(packer)
    })
    f.release(r)
  }

  #copyGroups(left: StoredMatrix): void {
    const { f } = this.b
    const { lane, group, leftPitch } = this.plan
    const [row, step] = [innerStride(left.free), innerStride(left.deep)]
    const [r, lines, whole] = [f.local('i32'), f.local('i32'), f.local('i32')]
    const copy = (packer: number): void => {
      this.#packedRow(r)
      this.#storedRow(left, r)
      f.get(this.steps).call(packer)
    }
    const packer = (rows: number): number => groupPacker(this.b, { lane, rows, group, row, step })
    // Whole cache lines where they are, as they may not stay in the cache until the next rows.
    if (lane.bytes === 4 && group === 2 && runsOf(left.free, 16)) {
      f.get(this.rows).i32(-16).op('i32.and').set(lines)
      forRange(f, r, lines, () => copy(linePairsPacker(this.b, step, 8 * leftPitch)), { step: 16 })
    } else f.i32(0).set(lines)
    f.get(this.rows).i32(-group).op('i32.and').set(whole)
    forRange(f, r, whole, () => copy(packer(group)), { from: lines, step: group })
    forRange(f, r, this.rows, () => copy(packer(1)), { from: whole })
    f.release(r, lines, whole)
  }

  /** Pushes where row `r` of the chunk is packed, in groups. */
  #packedRow(r: Local): void {
    const { f } = this.b
    const { group, leftPitch, lane } = this.plan
    f.get(this.work)
    times(f.get(r).i32(-group).op('i32.and'), leftPitch * lane.bytes).op('i32.add')
    times(
      f
        .get(r)
        .i32(group - 1)
        .op('i32.and'),
      lane.bytes,
    ).op('i32.add')
  }

  /** Adds to an address where the piece begins. */
  #plusSteps(deep: readonly Axis[]): void {
    const { f } = this.b
    if (this.plan.piece < this.plan.k) times(f.get(this.start), innerStride(deep)).op('i32.add')
  }

  /** Pushes the number of steps along the innermost deep axis. */
  #pushSteps(deep: readonly Axis[]) {
    return deep.length > 1 ? this.b.f.i32(deep[deep.length - 1]!.size) : this.b.f.get(this.steps)
  }

  /** All panels of the item, for one piece of k. */
  #panels(): void {
    const { f } = this.b
    const { bare, groupColumns, chunkColumns, piece, k } = this.plan
    const [first, end, last, count] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
    f.get(this.column).get(this.columns).op('i32.add').set(last)
    const group = (from: Local, to: Local, columns: Local): void => {
      this.#computeRight(from, columns)
      this.#panelsBetween(from, to, piece === k && !bare ? from : this.column)
      if (!bare && piece === k) this.#finishSums(from, columns)
    }
    if (groupColumns >= chunkColumns) group(this.column, last, this.columns)
    else
      forRange(
        f,
        first,
        last,
        () => {
          // The chunk may end inside a group.
          f.get(first).i32(groupColumns).op('i32.add').tee(end).get(last)
          f.get(end).get(last).op('i32.lt_s').op('select').tee(end).get(first).op('i32.sub').set(count)
          group(first, end, count)
        },
        { from: this.column, step: groupColumns },
      )
    f.release(first, end, last, count)
  }

  /** Computes columns of B, this piece of them, if they are to be computed. */
  #computeRight(column: Local, columns: Local): void {
    const { f } = this.b
    const { right, rightAt, rightPitch, lane, groupColumns } = this.plan
    plus(f.get(this.work), rightAt).set(this.block)
    f.get(column).set(this.blockColumn)
    if (right.kind === 'computed')
      emitBlock(this.b, {
        grouped: right.grouped,
        spans: [this.#oneBatch(), { start: column, count: columns, unit: groupColumns }, this.#pieceSpan()],
        into: {
          expr: right.expr,
          place: { at: this.block, strides: [0, lane.bytes, rightPitch * lane.bytes] },
        },
        axis: right.axis,
      })
  }

  /** Makes results of the sums in the workspace: those of all rows of the item, in some columns. */
  #finishSums(column: Local, columns: Local): void {
    const { f } = this.b
    plus(f.get(this.work), this.plan.sumsAt).set(this.sums)
    this.#finish(this.row, this.rows, column, columns, this.#sumsRow())
  }

  /** The panels from column `first` to before `end`; `sums` is the first column of the sums in the workspace. */
  #panelsBetween(first: Local, end: Local, sums: Local): void {
    const { f } = this.b
    const { width, strip, tail, n } = this.plan
    const [at, whole] = [f.local('i32'), f.local('i32')]
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
    const { bare, lane, n } = this.plan
    this.#readyRight(at, strip, width)
    if (!bare) {
      times(f.get(at).get(first).op('i32.sub'), lane.bytes)
      plus(f.get(this.work).op('i32.add'), this.plan.sumsAt).set(this.sums)
      this.#tiles(strip, null, this.rows, this.#sumsRow())
    } else if (width % lane.count === 0) {
      times(f.get(this.c).get(at), lane.bytes).op('i32.add').set(this.sums)
      this.#tiles(strip, null, this.rows, n * lane.bytes)
    } else this.#partialPanel(at, strip, width)
  }

  /** A panel of columns that are no whole vectors: its sums pass through the workspace, some rows at a time. */
  #partialPanel(at: Local, strip: Strip, width: number): void {
    const { f } = this.b
    const { piece, k, sumRows, chunkRows, sumsAt } = this.plan
    const [first, count, row] = [f.local('i32'), f.local('i32'), f.local('i32')]
    plus(f.get(this.work), sumsAt).set(this.sums)
    forRange(
      f,
      first,
      this.rows,
      () => {
        f.get(this.rows).get(first).op('i32.sub').set(count)
        f.get(count).i32(sumRows).get(count).i32(sumRows).op('i32.lt_s').op('select').set(count)
        this.#tiles(strip, sumRows < chunkRows ? first : null, count, this.#sumsRow())
        const done = (): void => {
          f.get(this.row).get(first).op('i32.add').set(row)
          this.#finish(row, count, at, width, this.#sumsRow())
        }
        if (piece === k) done()
        else f.get(this.start).get(this.steps).op('i32.add').i32(k).op('i32.eq').if(done)
      },
      { step: sumRows },
    )
    f.release(first, count, row)
  }

  /** Sets `panel` to what the tiles read of B, packed if need be. */
  #readyRight(at: Local, strip: Strip, width: number): void {
    const { f } = this.b
    const { right, rightBy, rightAt, lane } = this.plan
    if (right.kind === 'computed') {
      times(f.get(at).get(this.blockColumn).op('i32.sub'), lane.bytes)
        .get(this.block)
        .op('i32.add')
        .set(this.panel)
      return
    }
    const from = (column: Local): void => {
      plusIndex(f.get(this.bb), column, right.free)
      this.#plusSteps(right.deep)
    }
    if (rightBy === 'direct') {
      from(at)
      f.set(this.panel)
      return
    }
    plus(f.get(this.work), rightAt).set(this.panel)
    if (rightBy === 'panels') {
      const panel = { lane, vectors: strip.vectors, width, column: innerStride(right.free), deep: right.deep }
      f.get(this.panel)
      from(at)
      this.#pushSteps(right.deep).call(panelPacker(this.b, panel))
      return
    }
    const packer = linePacker(this.b, lane, right.deep, 16 * strip.vectors)
    const [i, column] = [f.local('i32'), f.local('i32')]
    forRange(f, i, width, () => {
      f.get(at).get(i).op('i32.add').set(column)
      times(f.get(this.panel).get(i), lane.bytes).op('i32.add')
      from(column)
      this.#pushSteps(right.deep).call(packer)
    })
    f.release(i, column)
  }

  /** Tiles of `count` rows from row `first` of the chunk on; the sums of the first row go to `sums`. */
  #tiles(strip: Strip, first: Local | null, count: Local, cRow: number): void {
    const { f } = this.b
    const { piece, k, left, leftBy, m, chunkRows } = this.plan
    const [r, whole, row] = [f.local('i32'), f.local('i32'), f.local('i32')]
    const tiles = (rows: number, many: () => void): void => {
      const helper = tilesHelper(this.b, this.#tile(strip, rows, cRow), piece)
      if (first === null) f.get(r).set(row)
      else f.get(first).get(r).op('i32.add').set(row)
      this.#leftAt(row, rows)
      f.get(this.panel)
      times(f.get(this.sums).get(r), cRow).op('i32.add')
      f.get(this.steps)
      many()
      if (piece === k) f.i32(0)
      else f.get(this.start)
      f.call(helper)
    }
    f.get(count).i32(-strip.rows).op('i32.and').set(whole)
    const even = left.kind === 'computed' || leftBy !== 'direct' || left.free.length === 1
    if (even)
      f.get(whole).if(() => {
        f.i32(0).set(r)
        tiles(strip.rows, () => f.get(whole).i32(Math.log2(strip.rows)).op('i32.shr_u'))
      })
    else forRange(f, r, whole, () => tiles(strip.rows, () => f.i32(1)), { step: strip.rows })
    if (m % strip.rows !== 0 || chunkRows % strip.rows !== 0)
      forRange(f, r, count, () => tiles(1, () => f.i32(1)), { from: whole })
    f.release(r, whole, row)
  }

  /** Pushes the address of the left operand's rows from row `r` of the chunk on, the least of their addresses. */
  #leftAt(r: Local, rows: number): void {
    const { f } = this.b
    const { left, leftBy, lane, leftPitch } = this.plan
    if (leftBy === 'groups') this.#packedRow(r)
    else if (left.kind === 'stored' && leftBy === 'direct') {
      this.#storedRow(left, r)
      plus(f, Math.min(0, (rows - 1) * innerStride(left.free)))
    } else times(f.get(this.work).get(r), (leftBy === 'columns' ? 1 : leftPitch) * lane.bytes).op('i32.add')
  }

  #tile({ vectors }: Strip, rows: number, cRow: number): Tile {
    const { right, rightBy, rightPitch, lane } = this.plan
    const bStep =
      right.kind === 'computed'
        ? rightPitch * lane.bytes
        : rightBy === 'direct'
          ? innerStride(right.deep)
          : 16 * vectors
    return { lane, ...this.#leftSteps(rows), vectors, bStep, cRow }
  }

  #leftSteps(rows: number): Pick<Tile, 'aRows' | 'aStep' | 'aNext'> {
    const { left, leftBy, lane, group, leftPitch } = this.plan
    const list = Array.from({ length: rows }, (_, i) => i)
    const pitch = leftPitch * lane.bytes
    switch (leftBy) {
      case 'direct': {
        const { free, deep } = left as StoredMatrix
        const row = innerStride(free)
        const least = Math.min(0, (rows - 1) * row)
        return { aRows: list.map(i => i * row - least), aStep: innerStride(deep), aNext: rows * row }
      }
      case 'groups':
        return {
          aRows: list.map(i => Math.floor(i / group) * group * pitch + (i % group) * lane.bytes),
          aStep: group * lane.bytes,
          aNext: rows * pitch,
        }
      case 'columns':
        return { aRows: list.map(i => i * lane.bytes), aStep: pitch, aNext: rows * lane.bytes }
      default:
        return { aRows: list.map(i => i * pitch), aStep: lane.bytes, aNext: rows * pitch }
    }
  }
}

/** to = the lesser of `chunk` and what is left of `total` from `start` on. */
function least({ f }: PhaseBuilder, total: number, start: Local, chunk: number, to: Local): void {
  if (chunk >= total) f.i32(total).set(to)
  else {
    f.i32(total).get(start).op('i32.sub').set(to)
    f.get(to).i32(chunk).get(to).i32(chunk).op('i32.lt_s').op('select').set(to)
  }
}
