import type { Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import type { Bound } from '../nest/loops.ts'
import { emitBlock } from './block.ts'
import { type CorrelationPlan, isScattered, tapBytes, type WindowGrid } from './correlation.ts'
import { type Strip, tailStrip } from './dot-plan.ts'
import { cap, eachItem, forRange, locals, plus, times } from './emit.ts'
import type { Grouped } from './groups.ts'
import { clearImage, readyImage } from './image.ts'
import { tilesHelper } from './micro.ts'
import { rowCopier } from './pack.ts'
import { scatterHelper, windowPacker } from './window-panel.ts'

/** Where the pieces of a correlation are. */
export interface CorrelationPlaces {
  /** Pushes the address of the weights. */
  readonly weights: () => void
  /** Pushes the address of the dense result, if the sums go straight into it. */
  readonly result?: () => void
  /** Pushes the address of this part's workspace. */
  readonly workspace: () => void
  /** What is computed after, over images, channels and positions; the results' place among the arguments. */
  readonly epilogue: Grouped
  readonly firstResult: number
}

/** Emits one phase: this part's share of the items of a correlation. */
export function emitCorrelation(b: PhaseBuilder, plan: CorrelationPlan, places: CorrelationPlaces): void {
  new CorrelationEmitter(b, plan, places).emit()
}

class CorrelationEmitter {
  readonly b: PhaseBuilder
  readonly plan: CorrelationPlan
  readonly places: CorrelationPlaces
  readonly work: Local
  /** Image, first channel of the group, first row of it among all. */
  readonly n: Local
  readonly channel: Local
  readonly row: Local
  /** First position of the band, and the end. */
  readonly from: Local
  readonly to: Local
  /** Address of the image's channels, of the group's weights, and of its results. */
  readonly image: Local
  readonly weights: Local
  readonly out: Local
  /** First channel of the piece, and how many; address of the piece. */
  readonly start: Local
  readonly count: Local
  readonly origin: Local
  readonly panel: Local
  readonly sums: Local

  constructor(b: PhaseBuilder, plan: CorrelationPlan, places: CorrelationPlaces) {
    this.b = b
    this.plan = plan
    this.places = places
    const local = (): Local => b.f.local('i32')
    this.work = local()
    this.n = local()
    this.channel = local()
    this.row = local()
    this.from = local()
    this.to = local()
    this.image = local()
    this.weights = local()
    this.out = local()
    this.start = local()
    this.count = local()
    this.origin = local()
    this.panel = local()
    this.sums = local()
  }

  emit(): void {
    const { f } = this.b
    const { images, groups, bands, image, panelAt } = this.plan
    this.places.workspace()
    f.set(this.work)
    plus(f.get(this.work), panelAt).set(this.panel)
    if (bands === 1) clearImage(this.b, image, this.work)
    const items = images * groups * bands
    eachItem(this.b, items, item => this.#item(item))
  }

  #item(item: Local): void {
    const { f } = this.b
    const { groups, bands, channels, rows, grids, places, lane, weightsGroup, bare } = this.plan
    const group = f.local('i32')
    f.get(item)
      .i32(groups * bands)
      .op('i32.div_u')
      .set(this.n)
    f.get(item).i32(bands).op('i32.div_u').i32(groups).op('i32.rem_u').set(group)
    times(f.get(group), channels).set(this.channel)
    times(f.get(group), rows).set(this.row)
    this.places.weights()
    times(f.get(group), weightsGroup * lane.bytes)
      .op('i32.add')
      .set(this.weights)
    if (this.places.result !== undefined) {
      this.places.result()
      times(f.get(this.n), groups * rows * places * lane.bytes).op('i32.add')
      times(f.get(this.row), places * lane.bytes)
        .op('i32.add')
        .set(this.out)
    } else plus(f.get(this.work), this.plan.gatheredAt).set(this.out)
    f.release(group)
    this.#readyImage(item)
    const scattered = grids.some(isScattered)
    const covered = grids.reduce((n, g) => n + (g.taps.length === 0 ? 0 : g.height * g.width), 0)
    if (scattered && covered < places)
      f.get(this.out)
        .i32(0)
        .i32(rows * places * lane.bytes)
        .memoryFill()
    for (const grid of grids) if (grid.taps.length > 0) this.#grid(grid)
    if (scattered && !bare) this.#finish(this.out, places * lane.bytes, null, places)
  }

  #readyImage(item: Local): void {
    const { f } = this.b
    const { image, bands, band, grids, channels } = this.plan
    const [{ height, width, step }] = grids as [WindowGrid]
    const want = { image: this.n, channel: this.channel, channels }
    if (bands === 1) {
      f.i32(0)
        .set(this.from)
        .i32(height * width)
        .set(this.to)
      readyImage(this.b, image, want, this.work, this.image)
      return
    }
    times(f.get(item).i32(bands).op('i32.rem_u'), band).set(this.from)
    plus(f.get(this.from), band).set(this.to)
    cap(f, this.to, height * width)
    const [row, firstRow] = locals(f, 2)
    f.get(this.from).i32(width).op('i32.div_u').set(row)
    plus(times(f.get(row), step.y), image.y.first).set(firstRow)
    clearImage(this.b, image, this.work)
    readyImage(this.b, image, { ...want, firstRow }, this.work, this.image)
    // Places are counted from the first row of all positions.
    f.get(this.image)
    times(f.get(row), step.y * image.row)
      .op('i32.sub')
      .set(this.image)
    f.release(row, firstRow)
  }

  /** All panels of a grid in the band. */
  #grid(grid: WindowGrid): void {
    const { f } = this.b
    const { bare, sumWidth } = this.plan
    const positions = grid.height * grid.width
    if (bare || isScattered(grid)) {
      const end = f.local('i32')
      if (this.plan.grids.length > 1) f.i32(positions).set(end)
      else f.get(this.to).set(end)
      this.#panelsBetween(grid, this.from, end)
      f.release(end)
      return
    }
    const [first, end, count] = locals(f, 3)
    forRange(
      f,
      first,
      this.to,
      () => {
        plus(f.get(first), sumWidth).set(end)
        cap(f, end, this.to)
        this.#panelsBetween(grid, first, end)
        plus(f.get(this.work), this.plan.sumsAt).set(this.sums)
        f.get(end).get(first).op('i32.sub').set(count)
        this.#finish(this.sums, sumWidth * this.plan.lane.bytes, first, count)
      },
      { from: this.from, step: sumWidth },
    )
    f.release(first, end, count)
  }

  /** The panels from position `first` to before `end`. */
  #panelsBetween(grid: WindowGrid, first: Local, end: Local): void {
    const { f } = this.b
    const { lane } = this.plan
    const width = 4 * lane.count
    const positions = grid.height * grid.width
    const rest = positions % width
    const [at, whole] = locals(f, 2)
    if (positions >= width) {
      f.get(end).i32(-width).op('i32.and').set(whole)
      forRange(f, at, whole, () => this.#panel(grid, at, first, { vectors: 4, rows: 2 }, width), {
        from: first,
        step: width,
      })
    }
    if (rest > 0)
      f.get(end)
        .i32(positions)
        .op('i32.eq')
        .if(() => {
          f.i32(positions - rest).set(at)
          this.#panel(grid, at, first, tailStrip(Math.ceil(rest / lane.count)), rest)
        })
    f.release(at, whole)
  }

  /** Positions `at` to before `at + width`; `first` is that of the sums in the workspace. */
  #panel(grid: WindowGrid, at: Local, first: Local, strip: Strip, width: number): void {
    const { f } = this.b
    const { lane, bare, channels, piece, places, sumsAt, sumWidth, image, rows } = this.plan
    const scattered = isScattered(grid)
    const direct = bare && !scattered && width % lane.count === 0
    const cRow = direct ? places * lane.bytes : bare || scattered ? 16 * strip.vectors : sumWidth * lane.bytes
    if (direct) times(f.get(this.out).get(at), lane.bytes).op('i32.add').set(this.sums)
    else {
      plus(f.get(this.work), sumsAt)
      if (!bare && !scattered) times(f.get(at).get(first).op('i32.sub'), lane.bytes).op('i32.add')
      f.set(this.sums)
    }
    const packer = windowPacker(
      this.b,
      {
        lane,
        width: grid.width,
        positions: grid.height * grid.width,
        step: grid.step.x * lane.bytes,
        rowStep: grid.step.y * image.row,
        taps: tapBytes(this.plan, grid),
        plane: image.plane,
      },
      16 * strip.vectors,
    )
    forRange(
      f,
      this.start,
      channels,
      () => {
        f.i32(channels).get(this.start).op('i32.sub').set(this.count)
        if (piece < channels) cap(f, this.count, piece)
        times(f.get(this.image).get(this.start), image.plane).op('i32.add').set(this.origin)
        for (let v = 0; v < strip.vectors; v++) {
          plus(f.get(this.panel), 16 * v).get(this.origin)
          plus(f.get(at), v * lane.count)
            .get(this.count)
            .call(packer)
        }
        this.#tiles(grid, strip, cRow)
      },
      { step: piece },
    )
    if (scattered) this.#scatter(grid, at, strip)
    else if (bare && !direct) {
      times(f.get(this.out).get(at), lane.bytes).op('i32.add').get(this.sums).i32(rows)
      f.call(rowCopier(this.b, { lane, width, toRow: places * lane.bytes, fromRow: cRow }))
    }
  }

  /** Rows of weights times the panel. */
  #tiles(grid: WindowGrid, { vectors, rows: high }: Strip, cRow: number): void {
    const { f } = this.b
    const { lane, rows, piece, block, channels } = this.plan
    const taps = grid.taps.length
    const aRow = grid.weightsRow * lane.bytes
    const whole = rows - (rows % high)
    const tiles = (first: number, count: number, many: number): void => {
      const aRows = Array.from({ length: count }, (_, i) => i * aRow)
      const shape = {
        lane,
        aRows,
        aStep: lane.bytes,
        aNext: count * aRow,
        vectors,
        bStep: 16 * vectors,
        cRow,
      }
      plus(f.get(this.weights), (grid.weights + first * grid.weightsRow) * lane.bytes)
      times(f.get(this.start), taps * lane.bytes).op('i32.add')
      f.get(this.panel)
      plus(f.get(this.sums), first * cRow)
      times(f.get(this.count), taps).i32(many)
      if (piece >= channels) f.i32(0)
      else f.get(this.start)
      f.call(tilesHelper(this.b, shape, Math.min(piece, channels) * taps, block * taps))
    }
    if (whole > 0) tiles(0, high, whole / high)
    if (whole < rows) tiles(whole, 1, rows - whole)
  }

  #scatter(grid: WindowGrid, at: Local, { vectors }: Strip): void {
    const { f } = this.b
    const { lane, rows, places } = this.plan
    const helper = scatterHelper(this.b, {
      lane,
      width: grid.width,
      positions: grid.height * grid.width,
      step: grid.toStep.x * lane.bytes,
      rowStep: grid.toStep.y * lane.bytes,
      toRow: places * lane.bytes,
      fromRow: 16 * vectors,
    })
    for (let v = 0; v < vectors; v++) {
      plus(f.get(this.out), grid.to * lane.bytes)
      plus(f.get(this.sums), 16 * v)
      plus(f.get(at), v * lane.count)
        .i32(rows)
        .call(helper)
    }
  }

  /** Makes results of the group's sums at positions `at` to before `at + width`, or from 0 on. */
  #finish(sums: Local, sumsRow: number, at: Local | null, width: Bound): void {
    const { f } = this.b
    const { lane, rows, sumWidth, places } = this.plan
    const zero = f.local('i32')
    if (at === null) f.i32(0).set(zero)
    emitBlock(this.b, {
      grouped: this.places.epilogue,
      spans: [
        { start: this.n, count: 1, unit: 1 },
        { start: this.row, count: rows, unit: rows },
        { start: at ?? zero, count: width, unit: at === null ? places : sumWidth },
      ],
      anchor: { at: sums, strides: [0, sumsRow, lane.bytes] },
      firstResult: this.places.firstResult,
    })
    f.release(zero)
  }
}
