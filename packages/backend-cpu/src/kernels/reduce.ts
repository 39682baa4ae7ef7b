import type { Kernel, ReduceNest, Store } from '@stint/engine'
import { type Shape, sizeOf } from '@stint/graph'
import type { Memory } from '../memory.ts'
import { type Design, Layout, type Run } from './design.ts'
import { Accumulators, Fold, initials, type PointLayout, SpreadPoints, Total } from './fold.ts'
import { type Context, type Instruction, instructionOf, StoreRows } from './instructions.ts'
import { Frame, type Lane, Register, Window } from './lane.ts'
import { laneOf, readWindows, type WindowAt } from './map.ts'
import { type ReduceLoops, reduceLoops } from './reduce-domain.ts'
import { keptDomain, type Levels, levelsOf } from './reduce-levels.ts'
import { assignPlaces, type Node, neededFor, type Phase } from './schedule.ts'
import { blockSize, Tile } from './tile.ts'

/** Reductions with elementwise work before, between and after. */
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

/** Work at the points of a group, then at their elements, which `reads` are read of. */
interface Pass extends Phase {
  readonly points: readonly number[]
  readonly places: ReadonlyMap<number, number>
}

class LoopsDesign implements Design {
  readonly workspaceBytes: number
  readonly loops: ReduceLoops
  readonly levels: Levels
  readonly results: number
  /** The domain; one element a point where nothing is reduced. */
  readonly domain: Shape
  /** Elements that a point is walked over. */
  readonly reduced: number
  /** Most points that are computed together. */
  readonly together: number
  /** True if each block holds all elements of its points, so that none is computed twice. */
  readonly whole: boolean
  /** Loads that need no lane. */
  readonly windows: ReadonlyMap<number, WindowAt>
  /** Places of the accumulators of each reduction, and of what is computed once a run or once a point. */
  readonly accumulators: readonly number[]
  readonly fixed: readonly number[]
  readonly kept: ReadonlyMap<number, number>
  readonly stages: readonly Pass[]
  readonly last: Pass

  constructor(loops: ReduceLoops, results: number) {
    this.loops = loops
    this.results = results
    this.levels = levelsOf(loops)
    const { kind, outer } = loops
    const isReduced = (axis: number) =>
      axis >= outer && !(kind === 'columns' && axis === loops.domain.length - 1)
    this.reduced = Math.max(1, loops.reduced)
    this.domain = loops.reduced > 0 ? loops.domain : loops.domain.map((d, a) => (isReduced(a) ? 1 : d))
    const columns = loops.domain[loops.domain.length - 1]!
    this.together = kind === 'columns' ? columns : Math.max(1, Math.floor(blockSize / this.reduced))
    const tile = this.tile()
    this.whole = kind === 'rows' ? this.reduced <= blockSize : tile.capacity === this.reduced * columns
    const { nodes, fixed, points, reductions, perPoint, perElement } = this.levels
    const elements = nodes.map((_, e) => e).filter(e => !fixed.has(e) && !points.has(e))
    this.windows = readWindows(nodes, tile, elements, [...perPoint, ...perElement])
    const layout = new Layout()
    this.accumulators = reductions.map(() => layout.add(8 * this.together))
    const phases = this.#phases()
    this.fixed = phases.fixed
    const computed = [...phases.stages, phases.last].flatMap(p => p.points)
    const keep = (order: readonly number[], capacity: number): Map<number, number> =>
      assignPlaces(nodes, [{ order, reads: order }], capacity, layout, () => true)
    this.kept = new Map([...keep(phases.fixed, tile.capacity), ...keep(computed, this.together)])
    const assign = (list: readonly Phase[], into: Layout): Map<number, number> =>
      assignPlaces(nodes, list, tile.capacity, into, e => !this.windows.has(e))
    if (this.whole) {
      const places = assign([...phases.stages, phases.last], layout)
      this.stages = phases.stages.map(p => ({ ...p, places }))
      this.last = { ...phases.last, places }
      this.workspaceBytes = layout.bytes
    } else {
      const sizes: number[] = []
      const alone = (phase: Omit<Pass, 'places'>): Pass => {
        const own = new Layout()
        own.add(layout.bytes)
        const places = assign([phase], own)
        sizes.push(own.bytes)
        return { ...phase, places }
      }
      this.stages = phases.stages.map(alone)
      this.last = alone(phases.last)
      this.workspaceBytes = Math.max(...sizes)
    }
  }

  tile(): Tile {
    const { kind, outer } = this.loops
    const pointsAlong = kind === 'rows' && this.reduced <= blockSize
    return new Tile(this.domain, sizeOf(this.domain), pointsAlong ? 0 : outer)
  }

  keptTile(): Tile {
    const domain = keptDomain(this.loops)
    const first = this.loops.kind === 'columns' ? domain.length - 1 : 0
    return new Tile(domain, sizeOf(domain), first, this.together)
  }

  #phases(): { fixed: number[]; stages: Omit<Pass, 'places'>[]; last: Omit<Pass, 'places'> } {
    const { nodes, fixed, points, reductions, perElement, perPoint } = this.levels
    const something = this.loops.reduced > 0
    const reads = [...reductions, ...perElement, ...perPoint].map(r => r.expr)
    const once = neededFor(reads, nodes, new Set()).filter(e => fixed.has(e))
    const known = new Set(once)
    const phase = (roots: readonly number[], also: readonly number[] = []): Omit<Pass, 'places'> => {
      const needed = neededFor([...roots, ...also], nodes, known)
      const own = needed.filter(e => points.has(e))
      for (const e of this.whole ? needed : own) known.add(e)
      return { points: own, order: needed.filter(e => !points.has(e)), reads: roots }
    }
    const folded = Array.from({ length: something ? this.loops.stages : 0 }, (_, s) =>
      phase(reductions.filter(r => r.stage === s).map(r => r.expr)),
    )
    const last = phase(
      something ? perElement.map(s => s.expr) : [],
      perPoint.map(s => s.expr),
    )
    return { fixed: once, stages: folded, last }
  }

  compile(memory: Memory): Run {
    return new LoopsRun(this, memory)
  }
}

/** Instructions at the points of a group, then over each block of its elements. */
interface Body {
  readonly points: readonly Instruction[]
  readonly windows: readonly Window[]
  readonly elements: readonly Instruction[]
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
  readonly #fixed: readonly Instruction[]
  readonly #passes: readonly Body[]
  readonly #pointStores: readonly Instruction[]

  constructor(design: LoopsDesign, memory: Memory) {
    const { levels, loops, results } = design
    const { nodes, reductions } = levels
    const tile = design.tile()
    const kept = design.keptTile()
    const frame = this.#frame
    this.#tile = tile
    this.#keptTile = kept
    this.#size = sizeOf(design.domain)
    this.#reduced = design.reduced
    this.#group = design.whole ? 0 : design.reduced * kept.capacity
    this.#layout = { kind: loops.kind, tile, points: 1 }
    this.#accumulators = reductions.map(
      (r, i) => new Accumulators(memory, design.accumulators[i]!, initials[r.op]),
    )
    const contextOf = (pass: Pass, on: Tile): Context => {
      const place = (e: number) => pass.places.get(e) ?? design.kept.get(e)
      const lanes = nodes.map((node, e) => laneOf(node, memory, frame, place(e), design.windows.get(e)))
      this.#registers.push(...lanes.filter(l => l instanceof Register))
      return { memory, frame, tile: on, lanes, exprs: nodes }
    }
    const body = (pass: Pass, ends: (lanes: readonly Lane[]) => Instruction[]): Body => {
      const at = contextOf(pass, tile)
      const elements = pass.order.filter(e => !design.windows.has(e))
      return {
        points: pass.points.map(e => this.#instruct(e, { ...at, tile: kept })),
        windows: at.lanes.filter(l => l instanceof Window),
        elements: [...elements.map(e => this.#instruct(e, at)), ...ends(at.lanes)],
      }
    }
    const stores = (on: Tile, list: readonly Store[], lanes: readonly Lane[]): Instruction[] =>
      list.map(
        s => new StoreRows(s.dtype, results + s.result, s.at, lanes[s.expr]!, { memory, frame, tile: on }),
      )
    const fold = (stage: number, lanes: readonly Lane[]): Instruction[] =>
      reductions.flatMap((r, i) =>
        r.stage === stage
          ? [new Fold(r.op, r.dtype, lanes[r.expr]!, this.#accumulators[i]!, this.#layout)]
          : [],
      )
    const all = contextOf(design.last, tile)
    this.#fixed = design.fixed.map(e => this.#instruct(e, all))
    this.#passes = [
      ...design.stages.map((pass, stage) => body(pass, lanes => fold(stage, lanes))),
      body(design.last, lanes => (loops.reduced > 0 ? stores(tile, levels.perElement, lanes) : [])),
    ]
    this.#pointStores = stores(kept, levels.perPoint, all.lanes)
  }

  #instruct(e: number, context: Context): Instruction {
    const node: Node = context.exprs[e]!
    const lane = context.lanes[e]!
    if (node.kind === 'reduced')
      return new Total(lane, node.dtype, this.#accumulators[node.reduction]!, this.#layout)
    if (node.kind === 'spread') return new SpreadPoints(lane, context.lanes[node.from]!, this.#layout)
    return instructionOf(node, lane, context)
  }

  run(args: readonly number[], workspace: number): void {
    const size = this.#size
    const tile = this.#tile
    if (size === 0) return
    this.#frame.args = args
    for (let i = 0; i < this.#registers.length; i++) this.#registers[i]!.place(workspace)
    for (let i = 0; i < this.#accumulators.length; i++) this.#accumulators[i]!.place(workspace)
    tile.fill(0)
    runAll(this.#fixed)
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
    const kept = this.#keptTile
    kept.moveTo(from / this.#reduced, to / this.#reduced)
    this.#layout.points = kept.n
    for (let i = 0; i < this.#accumulators.length; i++) this.#accumulators[i]!.reset(kept.n)
    for (let i = 0; i < this.#passes.length; i++) {
      const { points, windows, elements } = this.#passes[i]!
      runAll(points)
      if (elements.length > 0) this.#blocks(windows, elements, from, to)
    }
    runAll(this.#pointStores)
  }

  #blocks(windows: readonly Window[], instructions: readonly Instruction[], from: number, to: number): void {
    const tile = this.#tile
    for (let position = from; position < to; position += tile.n) {
      tile.moveTo(position, to)
      for (let i = 0; i < windows.length; i++) windows[i]!.moveTo(tile)
      runAll(instructions)
    }
  }
}

function runAll(instructions: readonly Instruction[]): void {
  for (let i = 0; i < instructions.length; i++) instructions[i]!.run()
}
