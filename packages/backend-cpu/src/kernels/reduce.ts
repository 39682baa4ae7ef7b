import type { Affine, Expr, Kernel, ReduceNest, Store } from '@stint/engine'
import { type Shape, sizeOf } from '@stint/graph'
import type { Memory } from '../memory.ts'
import { type Design, Layout, type Run } from './design.ts'
import { Accumulators, Fold, initials, type PointLayout, Spread } from './fold.ts'
import { type Context, type Instruction, instructionOf, StoreRows } from './instructions.ts'
import { Frame, Register, Window } from './lane.ts'
import { laneOf, readWindows } from './map.ts'
import { type ReduceLoops, reduceLoops } from './reduce-domain.ts'
import { assignPlaces, invariants, neededFor, type Phase } from './schedule.ts'
import { blockSize, Tile } from './tile.ts'

/** Reductions with elementwise work between them. */
export function designReduce(kernel: Kernel, nest: ReduceNest): Design {
  const parts = reduceLoops(nest).map(loops => new LoopsDesign(loops, kernel.operands.length))
  return {
    workspaceBytes: Math.max(...parts.map(p => p.workspaceBytes)),
    compile(memory) {
      const runs = parts.map(p => p.compile(memory))
      return {
        run(args, workspace) {
          for (let i = 0; i < runs.length; i++) runs[i]!.run(args, workspace)
        },
      }
    },
  }
}

/** What is computed over the blocks of some points in one go, with the places of the values. */
interface Pass extends Phase {
  readonly places: ReadonlyMap<number, number>
}

class LoopsDesign implements Design {
  readonly workspaceBytes: number
  readonly loops: ReduceLoops
  readonly results: number
  /** The domain; one element a point where nothing is reduced. */
  readonly domain: Shape
  readonly keptDomain: Shape
  /** True if each block holds all elements of its points, so that nothing is computed twice. */
  readonly whole: boolean
  /** Loads that need no lane. */
  readonly windows: ReadonlyMap<number, { readonly arg: number; readonly at: Affine }>
  /** Places of the accumulators of each reduction. */
  readonly accumulators: readonly number[]
  readonly fixed: Pass
  readonly stages: readonly Pass[]
  readonly elements: Pass
  readonly points: Pass

  constructor(loops: ReduceLoops, results: number) {
    this.loops = loops
    this.results = results
    const { outer, reduced, kind, exprs, reductions } = loops
    const axes = loops.domain.length - outer - (kind === 'columns' ? 1 : 0)
    const isReduced = (axis: number): boolean => axis >= outer && axis < outer + axes
    // Over nothing, the accumulators stay as they are; the work at the points needs an element to stand on.
    this.domain = reduced > 0 ? loops.domain : loops.domain.map((d, a) => (isReduced(a) ? 1 : d))
    this.keptDomain = loops.domain.filter((_, a) => !isReduced(a))
    const tile = this.tile()
    const constant = invariants(exprs)
    const moving = exprs.map((_, e) => e).filter(e => !constant.has(e))
    this.windows = readWindows(exprs, tile, moving, [...loops.perPoint, ...loops.perElement])
    const most =
      kind === 'columns' ? this.keptDomain[outer]! : Math.max(1, Math.floor(blockSize / this.reduced))
    this.whole = kind === 'rows' ? this.reduced <= blockSize : tile.capacity === this.reduced * most
    const layout = new Layout()
    this.accumulators = reductions.map(() => layout.add(8 * most))
    const assign = (phases: readonly Phase[], into: Layout): Map<number, number> =>
      assignPlaces(exprs, phases, tile.capacity, into, e => !this.windows.has(e))
    const { fixed, stages, elements, points } = this.#phases()
    this.fixed = { ...fixed, places: assign([fixed], layout) }
    if (this.whole) {
      const places = assign([...stages, elements, points], layout)
      this.stages = stages.map(phase => ({ ...phase, places }))
      this.elements = { ...elements, places }
      this.points = { ...points, places }
      this.workspaceBytes = layout.bytes
    } else {
      const sizes: number[] = []
      const alone = (phase: Phase): Pass => {
        const own = new Layout()
        own.add(layout.bytes)
        const places = assign([phase], own)
        sizes.push(own.bytes)
        return { ...phase, places }
      }
      this.stages = stages.map(alone)
      this.elements = alone(elements)
      this.points = alone(points)
      this.workspaceBytes = Math.max(...sizes)
    }
  }

  /** Elements that a point is walked over. */
  get reduced(): number {
    return Math.max(1, this.loops.reduced)
  }

  tile(): Tile {
    const { kind, outer } = this.loops
    const within = kind === 'rows' && this.reduced <= blockSize
    return new Tile(this.domain, sizeOf(this.domain), within ? 0 : outer)
  }

  keptTile(): Tile {
    const { kind, outer } = this.loops
    const limit =
      kind === 'columns' ? this.keptDomain[outer]! : Math.max(1, Math.floor(blockSize / this.reduced))
    return new Tile(this.keptDomain, sizeOf(this.keptDomain), kind === 'columns' ? outer : 0, limit)
  }

  #phases(): { fixed: Phase; stages: Phase[]; elements: Phase; points: Phase } {
    const { exprs, reductions, perElement, perPoint, stages } = this.loops
    const constant = invariants(exprs)
    const roots = [...reductions, ...perElement, ...perPoint].map(r => r.expr)
    const fixed = neededFor(roots, exprs, new Set()).filter(e => constant.has(e))
    const known = new Set(fixed)
    const phase = (reads: readonly number[]): Phase => {
      const order = neededFor(reads, exprs, known)
      if (this.whole) for (const e of order) known.add(e)
      return { order, reads }
    }
    const folded = this.loops.reduced > 0 ? Array.from({ length: stages }, (_, s) => s) : []
    const stagePhases = folded.map(s => phase(reductions.filter(r => r.stage === s).map(r => r.expr)))
    const elementReads = this.loops.reduced > 0 ? perElement.map(s => s.expr) : []
    const elements = phase(elementReads)
    const points = phase(perPoint.map(s => s.expr))
    if (!this.whole) return { fixed: { order: fixed, reads: fixed }, stages: stagePhases, elements, points }
    // Stores come after everything has been computed, so what they read must last until then.
    return {
      fixed: { order: fixed, reads: fixed },
      stages: stagePhases,
      elements: { order: elements.order, reads: [] },
      points: { order: points.order, reads: [...elementReads, ...points.reads] },
    }
  }

  compile(memory: Memory): Run {
    return new LoopsRun(this, memory)
  }
}

/** Instructions over a block, then folds or stores. */
interface Body {
  readonly windows: readonly Window[]
  readonly instructions: readonly Instruction[]
}

class LoopsRun implements Run {
  readonly #tile: Tile
  readonly #keptTile: Tile
  readonly #layout: PointLayout
  readonly #size: number
  readonly #reduced: number
  /** Elements of a group of points that is computed together; 0 if every block is one. */
  readonly #group: number
  readonly #frame = new Frame()
  readonly #registers: Register[] = []
  readonly #accumulators: readonly Accumulators[]
  readonly #fixed: Body
  readonly #stages: readonly Body[]
  readonly #elements: Body
  readonly #points: Body

  constructor(design: LoopsDesign, memory: Memory) {
    const { loops, whole, results } = design
    const { exprs, reductions } = loops
    const tile = design.tile()
    const keptTile = design.keptTile()
    this.#tile = tile
    this.#keptTile = keptTile
    this.#size = sizeOf(design.domain)
    this.#reduced = design.reduced
    this.#group = whole ? 0 : design.reduced * keptTile.capacity
    this.#layout = { kind: loops.kind, tile, points: 1 }
    this.#accumulators = reductions.map(
      (r, i) => new Accumulators(memory, design.accumulators[i]!, initials[r.op]),
    )
    const windows = design.windows
    const body = (pass: Pass, ends: (context: Context) => Instruction[]): Body => {
      const place = (e: number) => pass.places.get(e) ?? design.fixed.places.get(e)
      const lanes = exprs.map((expr, e) => laneOf(expr, memory, this.#frame, place(e), windows.get(e)))
      this.#registers.push(...lanes.filter(l => l instanceof Register))
      const context = { memory, frame: this.#frame, tile, lanes, exprs }
      const computed = pass.order.filter(e => !windows.has(e)).map(e => this.#instruct(exprs[e]!, e, context))
      return {
        windows: lanes.filter(l => l instanceof Window),
        instructions: [...computed, ...ends(context)],
      }
    }
    const stores = ({ lanes }: Context, on: Tile, list: readonly Store[], stride: number): Instruction[] =>
      list.map(
        s =>
          new StoreRows(
            s.dtype,
            results + s.result,
            s.at,
            lanes[s.expr]!,
            { memory, frame: this.#frame, tile: on },
            stride,
          ),
      )
    const stride = loops.kind === 'rows' && whole ? design.reduced : 1
    const perPoint = loops.perPoint.map(s => ({ ...s, at: keptAffine(s.at, loops) }))
    const perElement = loops.reduced > 0 ? loops.perElement : []
    this.#fixed = body(design.fixed, () => [])
    this.#stages = design.stages.map((pass, stage) =>
      body(pass, ({ lanes }) =>
        reductions.flatMap((r, i) =>
          r.stage === stage
            ? [new Fold(r.op, r.dtype, lanes[r.expr]!, this.#accumulators[i]!, this.#layout)]
            : [],
        ),
      ),
    )
    this.#elements = body(design.elements, c => (whole ? [] : stores(c, tile, perElement, 1)))
    this.#points = body(design.points, c => [
      ...(whole ? stores(c, tile, perElement, 1) : []),
      ...stores(c, keptTile, perPoint, stride),
    ])
  }

  #instruct(expr: Expr, e: number, context: Context): Instruction {
    const lane = context.lanes[e]!
    if (expr.kind !== 'reduced') return instructionOf(expr, lane, context)
    return new Spread(lane, expr.dtype, this.#accumulators[expr.reduction]!, this.#layout)
  }

  run(args: readonly number[], workspace: number): void {
    const size = this.#size
    const tile = this.#tile
    if (size === 0) return
    this.#frame.args = args
    for (let i = 0; i < this.#registers.length; i++) this.#registers[i]!.place(workspace)
    for (let i = 0; i < this.#accumulators.length; i++) this.#accumulators[i]!.place(workspace)
    tile.fill(0)
    runBody(this.#fixed, tile)
    for (let from = 0, to = 0; from < size; from = to) {
      to = from + this.#group
      if (this.#group === 0) {
        tile.moveTo(from, size)
        to = from + tile.n
      }
      this.#reduce(from, to)
    }
  }

  /** All points of the elements from `from` to before `to`. */
  #reduce(from: number, to: number): void {
    const tile = this.#tile
    const kept = this.#keptTile
    kept.moveTo(from / this.#reduced, to / this.#reduced)
    this.#layout.points = kept.n
    for (let i = 0; i < this.#accumulators.length; i++) this.#accumulators[i]!.reset(kept.n)
    for (let s = 0; s < this.#stages.length; s++) runBlocks(this.#stages[s]!, tile, from, to)
    runBlocks(this.#elements, tile, from, to)
    tile.moveTo(from, this.#group === 0 ? to : from + tile.inner)
    runBody(this.#points, tile)
  }
}

function runBlocks(body: Body, tile: Tile, from: number, to: number): void {
  if (body.instructions.length === 0) return
  for (let position = from; position < to; position += tile.n) {
    tile.moveTo(position, to)
    runBody(body, tile)
  }
}

function runBody({ windows, instructions }: Body, tile: Tile): void {
  for (let i = 0; i < windows.length; i++) windows[i]!.moveTo(tile)
  for (let i = 0; i < instructions.length; i++) instructions[i]!.run()
}

/** A map over the kept axes alone. */
function keptAffine(at: Affine, { kind, domain, outer }: ReduceLoops): Affine {
  const last = domain.length - 1
  const coefs = at.coefs.filter((_, a) => a < outer || (kind === 'columns' && a === last))
  return { offset: at.offset, coefs }
}
