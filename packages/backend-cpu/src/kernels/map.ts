import type { Affine, Elements, Expr, Kernel, MapNest, Store } from '@stint/engine'
import { inPlacePairs } from '@stint/engine'
import { sizeOf } from '@stint/graph'
import type { Memory } from '../memory.ts'
import { type Design, Layout, type Run } from './design.ts'
import { type Instruction, instructionOf, StoreRows } from './instructions.ts'
import { Frame, type Lane, Register, Window } from './lane.ts'
import { lanesAreStored } from './lanes.ts'
import { argsOf, assignPlaces, invariants, type Node, neededFor } from './schedule.ts'
import { Tile } from './tile.ts'

/** An argument of a run whose elements at `at` are a lane themselves. */
export interface WindowAt {
  readonly arg: number
  readonly at: Affine
}

/** Elementwise work: every block of the domain is computed, expression by expression, and stored. */
export class MapDesign implements Design {
  readonly workspaceBytes: number
  readonly elements: Elements
  readonly stores: readonly Store[]
  /** Of `args` in a run: store `s` writes the argument `results + s.result`. */
  readonly results: number
  readonly unit: number
  /** Computed once a run. */
  readonly fixed: readonly number[]
  /** Computed once a block. */
  readonly order: readonly number[]
  /** Expressions that are read or written in place of a lane. */
  readonly windows: ReadonlyMap<number, WindowAt>
  readonly places: ReadonlyMap<number, number>
  /** Stores that remain: not those of which the expression is computed in the result itself. */
  readonly copies: readonly Store[]

  /**
   * `unit`: elements at whose multiples the ranges of a run begin and end. `pairs`: operands whose place a result may
   * have taken.
   */
  constructor(
    { domain, exprs, stores }: Elements & { readonly stores: readonly Store[] },
    results: number,
    pairs: readonly (readonly [operand: number, result: number])[],
    unit: number = sizeOf(domain),
  ) {
    const nest = withAxis({ domain, exprs }, stores)
    this.elements = nest
    this.stores = nest.stores
    this.results = results
    this.unit = unit
    const tile = new Tile(nest.domain, unit)
    const roots = nest.stores.map(s => s.expr)
    const constant = sizeOf(nest.domain) === 1 ? new Set<number>() : invariants(nest.exprs)
    const needed = neededFor(roots, nest.exprs, new Set())
    this.fixed = needed.filter(e => constant.has(e))
    this.order = needed.filter(e => !constant.has(e))
    const windows = readWindows(nest.exprs, tile, this.order, nest.stores)
    this.copies = writeWindows(windows, { ...nest, tile, order: this.order, results, pairs })
    this.windows = windows
    const layout = new Layout()
    const assign = (order: readonly number[], reads: readonly number[]): Map<number, number> =>
      assignPlaces(nest.exprs, [{ order, reads }], tile.capacity, layout, e => !windows.has(e))
    const fixed = assign(this.fixed, this.fixed)
    const reads = this.copies.map(s => s.expr)
    this.places = new Map([...fixed, ...assign(this.order, reads)])
    this.workspaceBytes = layout.bytes
  }

  compile(memory: Memory): MapRun {
    return new MapRun(this, memory)
  }
}

/** A domain without axes gets one of size 1. */
function withAxis(
  { domain, exprs }: Elements,
  stores: readonly Store[],
): Elements & { readonly stores: readonly Store[] } {
  if (domain.length > 0) return { domain, exprs, stores }
  const affine = (a: Affine): Affine => ({ offset: a.offset, coefs: [0] })
  return { domain: [1], ...mapAffines({ exprs, stores }, affine) }
}

/** The same expressions and stores with other index maps. */
export function mapAffines<S extends Store>(
  { exprs, stores }: { readonly exprs: readonly Expr[]; readonly stores: readonly S[] },
  affine: (a: Affine) => Affine,
): { readonly exprs: readonly Expr[]; readonly stores: readonly S[] } {
  return {
    exprs: exprs.map(expr => {
      const at = 'at' in expr && { at: affine(expr.at) }
      const guards = 'guards' in expr && { guards: expr.guards.map(g => ({ ...g, at: affine(g.at) })) }
      return { ...expr, ...at, ...guards }
    }),
    stores: stores.map(s => ({ ...s, at: affine(s.at) })),
  }
}

/**
 * Loads that need no lane, since the operand itself is one: dense floats. With several stores, one of them could
 * overwrite what another is about to copy, so what they store has a lane.
 */
export function readWindows(
  exprs: readonly Node[],
  tile: Tile,
  order: readonly number[],
  stores: readonly Store[],
): Map<number, WindowAt> {
  const windows = new Map<number, WindowAt>()
  for (const e of order) {
    const expr = exprs[e]!
    const stored = stores.length > 1 && stores.some(s => s.expr === e)
    if (expr.kind !== 'load' || stored || expr.guards.length > 0 || !lanesAreStored(expr.dtype)) continue
    if (tile.isDense(expr.at)) windows.set(e, { arg: expr.operand, at: expr.at })
  }
  return windows
}

/**
 * Results that their expression can be computed in: dense floats, stored once, of which no later expression reads an
 * operand that the result may have replaced. Gives the stores that are left.
 */
function writeWindows(
  windows: Map<number, WindowAt>,
  at: {
    readonly exprs: readonly Expr[]
    readonly stores: readonly Store[]
    readonly tile: Tile
    readonly order: readonly number[]
    readonly results: number
    readonly pairs: readonly (readonly [operand: number, result: number])[]
  },
): Store[] {
  return at.stores.filter(store => {
    const { kind } = at.exprs[store.expr]!
    const once = at.stores.filter(s => s.expr === store.expr).length === 1
    const position = at.order.indexOf(store.expr)
    if (kind !== 'apply' || !once || position < 0) return true
    if (!lanesAreStored(store.dtype) || !at.tile.isDense(store.at)) return true
    const replaced = new Set(at.pairs.filter(p => p[1] === store.result).map(p => p[0]))
    const reads = (e: number): boolean => {
      const expr = at.exprs[e]!
      if (expr.kind === 'load') return replaced.has(expr.operand)
      return argsOf(expr).some(arg => windows.has(arg) && replaced.has(windows.get(arg)!.arg))
    }
    if (at.order.slice(position + 1).some(reads)) return true
    windows.set(store.expr, { arg: at.results + store.result, at: store.at })
    return false
  })
}

export class MapRun implements Run {
  readonly tile: Tile
  readonly #size: number
  readonly #frame = new Frame()
  readonly #registers: readonly Register[]
  readonly #windows: readonly Window[]
  readonly #fixed: readonly Instruction[]
  readonly #body: readonly Instruction[]

  constructor(design: MapDesign, memory: Memory) {
    const { elements, unit, windows, places, results } = design
    const { exprs } = elements
    this.tile = new Tile(elements.domain, unit)
    this.#size = sizeOf(elements.domain)
    const lanes = exprs.map((expr, e) => laneOf(expr, memory, this.#frame, places.get(e), windows.get(e)))
    this.#registers = lanes.filter(l => l instanceof Register)
    this.#windows = lanes.filter(l => l instanceof Window)
    const context = { memory, frame: this.#frame, tile: this.tile, lanes, exprs }
    const instruct = (e: number): Instruction => instructionOf(exprs[e]!, lanes[e]!, context)
    const isRead = (e: number): boolean => exprs[e]!.kind === 'load' && windows.has(e)
    this.#fixed = design.fixed.map(instruct)
    this.#body = [
      ...design.order.filter(e => !isRead(e)).map(instruct),
      ...design.copies.map(s => new StoreRows(s.dtype, results + s.result, s.at, lanes[s.expr]!, context)),
    ]
  }

  run(args: readonly number[], workspace: number): void {
    this.range(args, workspace, 0, this.#size)
  }

  /** Computes the elements from `from` to before `to` in row-major order, both multiples of the unit. */
  range(args: readonly number[], workspace: number, from: number, to: number): void {
    if (from >= to) return
    const { tile } = this
    const windows = this.#windows
    const body = this.#body
    this.#frame.args = args
    for (let i = 0; i < this.#registers.length; i++) this.#registers[i]!.place(workspace)
    tile.fill(from)
    for (let i = 0; i < this.#fixed.length; i++) this.#fixed[i]!.run()
    for (let position = from; position < to; position += tile.n) {
      tile.moveTo(position, to)
      for (let i = 0; i < windows.length; i++) windows[i]!.moveTo(tile)
      for (let i = 0; i < body.length; i++) body[i]!.run()
    }
  }
}

/** A lane in memory itself or in the workspace; one that is never used where an expression has neither. */
export function laneOf(
  expr: Node,
  memory: Memory,
  frame: Frame,
  place: number | undefined,
  window: WindowAt | undefined,
): Lane {
  const view = expr.dtype === 'f32' || expr.dtype === 'bool' || expr.dtype === 'u8' ? memory.f32 : memory.f64
  if (window !== undefined) return new Window(view, window.arg, window.at, frame)
  return new Register(view, place ?? 0)
}

/** The design of a map nest. */
export function designMap(kernel: Kernel, nest: MapNest): MapDesign {
  return new MapDesign(nest, kernel.operands.length, inPlacePairs(kernel, nest))
}
