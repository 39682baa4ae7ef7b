import type { Kernel, Reduction, Store } from '@stint/engine'
import { dtypeBytes } from '@stint/graph'
import type { FunctionBuilder, Local } from '../../asm/index.ts'
import type { Phase, PhaseBuilder } from '../../design.ts'
import { NestCode } from '../code.ts'
import { Facts } from '../facts.ts'
import { type Bound, forLoop, partOf, spanLoops } from '../loops.ts'
import { axisToSplit } from '../map.ts'
import { loadVector, storeVector } from '../memory.ts'
import { Places } from '../places.ts'
import { Rows, type Stretch } from '../rows.ts'
import type { Values } from '../values.ts'
import type { Vector } from '../vector.ts'
import { chunkElements } from './accumulator.ts'
import {
  type Block,
  ColumnBlock,
  type Folding,
  foldAll,
  foldChunkFrom,
  RowBlock,
  startFolding,
  unravel,
} from './block.ts'
import { storesEarly } from './early.ts'
import type { ReducePlan } from './plan.ts'

/** The phases of a reduce nest: one over points, or several over chunks where these are what can be shared out. */
export function reducePhases(kernel: Kernel, plan: ReducePlan): Phase[] {
  const { nest } = plan
  const phase =
    (run: (code: ReduceCode) => void): Phase =>
    b =>
      run(new ReduceCode(b, kernel, plan))
  if (plan.points === 0) return []
  if (!plan.byChunks) return [phase(code => code.whole())]
  const stages = Array.from({ length: nest.stages }, (_, stage) => [
    phase(code => code.partials(stage)),
    phase(code => code.combine(stage)),
  ])
  return [
    ...stages.flat(),
    ...(nest.perElement.length > 0 ? [phase(code => code.elements())] : []),
    ...(nest.perPoint.length > 0 ? [phase(code => code.points())] : []),
  ]
}

/** Bytes that the phases pass on: partial values by chunk, then values by point, each in slots of 8 bytes. */
export function reduceWorkspace({ nest, points, chunks, byChunks }: ReducePlan): number {
  return byChunks ? 8 * nest.reductions.length * points * (chunks + 1) : 0
}

/** The code of one phase. */
class ReduceCode {
  readonly #b: PhaseBuilder
  readonly #f: FunctionBuilder
  readonly #plan: ReducePlan
  readonly #code: NestCode
  /** Everything that is computed in the end. */
  readonly #roots: readonly number[]
  /** Accesses of everything that is read, and of the results. */
  readonly #needed: readonly number[]
  /** Kept axes but that of vectors. */
  readonly #outer: readonly number[]
  /** Points side by side. */
  readonly #columns: number

  constructor(b: PhaseBuilder, kernel: Kernel, plan: ReducePlan) {
    const { nest, axis, kind } = plan
    const stores = [...nest.perPoint, ...nest.perElement]
    const outputs = stores.map(({ result, at, dtype }) => {
      const bytes = dtypeBytes(dtype)
      return {
        base: () => b.arg(kernel.operands.length + result),
        offset: bytes * at.offset,
        strides: at.coefs.map(c => bytes * c),
        dtype,
      }
    })
    this.#b = b
    this.#f = b.f
    this.#plan = plan
    this.#code = new NestCode(b, nest, { axis, keep: nest.keep, outputs })
    this.#roots = [...nest.reductions, ...stores].map(r => r.expr)
    const needed = this.#code.needed(this.#roots, new Facts(nest.domain))
    this.#needed = [...needed, ...outputs.map((_, i) => nest.exprs.length + i)]
    this.#outer = nest.domain.map((_, a) => a).filter(a => a < nest.keep && (kind === 'rows' || a !== axis))
    this.#columns = kind === 'rows' ? 1 : nest.domain[axis]!
  }

  /** Everything, point by point. */
  whole(): void {
    const { nest, kind } = this.#plan
    const early = kind === 'rows' && storesEarly(nest)
    this.#eachPoint(block => {
      for (let stage = 0; stage < nest.stages; stage++) {
        const folding = startFolding(this.#code, this.#plan, block, stage)
        const writes = early && stage === nest.stages - 1 ? { writes: this.#elementWrites() } : {}
        foldAll(this.#code, this.#plan, block, { ...folding, ...writes })
        this.#finish(block, folding)
      }
      if (!early) this.#storeElements(block, 'all')
      this.#storePoints(block)
    })
  }

  /** What each chunk of each point adds to the reductions of a stage, to the workspace. */
  partials(stage: number): void {
    const f = this.#f
    const { chunks } = this.#plan
    const [from, to] = partOf(f, this.#b, this.#outerPoints * chunks)
    const [task, outer, chunk, first] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
    forLoop(f, task, from, to, () => {
      f.get(task).i32(chunks).op('i32.div_u').set(outer)
      f.get(task).i32(chunks).op('i32.rem_u').tee(chunk).i32(chunkElements).op('i32.mul').set(first)
      this.#blocksAt(outer, (block, column) => {
        this.#loadValues(block, outer, column, stage)
        const folding = startFolding(this.#code, this.#plan, block, stage)
        foldChunkFrom(this.#code, this.#plan, block, folding, first)
        for (const [k, list] of folding.accumulators.entries())
          for (const [i, accumulator] of list.entries()) {
            const at = this.#partialPlace(folding.reductions[i]!, accumulator.bytes, task, column, k)
            accumulator.save(at, block.lanes === 'one')
          }
        releaseFolding(folding)
      })
    })
  }

  /** The values of a stage's reductions from its chunks, in order. */
  combine(stage: number): void {
    const f = this.#f
    const { chunks } = this.#plan
    const [from, to] = partOf(f, this.#b, this.#outerPoints)
    const [outer, task, chunk] = [f.local('i32'), f.local('i32'), f.local('i32')]
    forLoop(f, outer, from, to, () => {
      this.#blocksAt(outer, (block, column) => {
        const folding = startFolding(this.#code, this.#plan, block, stage)
        f.get(outer).i32(chunks).op('i32.mul').set(task)
        forLoop(f, chunk, 0, chunks, () => {
          for (const [k, list] of folding.accumulators.entries())
            for (const [i, accumulator] of list.entries()) {
              const at = this.#partialPlace(folding.reductions[i]!, accumulator.bytes, task, column, k)
              accumulator.restore(at, block.lanes === 'one')
            }
          f.increment(task, 1)
        })
        for (const [k, list] of folding.accumulators.entries())
          for (const [i, accumulator] of list.entries()) {
            const reduction = folding.reductions[i]!
            const value = accumulator.finish(() => block.values[k]!.local())
            const place = {
              push: this.#valuePlace(reduction, outer, column, k),
              offset: 0,
              step: dtypeBytes(value.dtype),
            }
            storeVector(f, value, place, block.lanes === 'four' ? 'four' : 'one')
          }
        releaseFolding(folding)
      })
    })
  }

  /** What is written at every element, shared out by elements. */
  elements(): void {
    const range = partOf(this.#f, this.#b, this.#plan.elements, 64)
    this.#eachOuter(outer => {
      this.#blocksAt(outer, (block, column) => {
        this.#loadValues(block, outer, column, this.#plan.nest.stages)
        this.#storeElements(block, range)
      })
    })
  }

  /** What is written once a point. */
  points(): void {
    const f = this.#f
    const [from, to] = partOf(f, this.#b, this.#outerPoints)
    const outer = f.local('i32')
    forLoop(f, outer, from, to, () =>
      this.#blocksAt(outer, (block, column) => {
        this.#loadValues(block, outer, column, this.#plan.nest.stages)
        this.#storePoints(block)
      }),
    )
  }

  get #outerPoints(): number {
    return this.#plan.points / this.#columns
  }

  #eachOuter(body: (outer: Local) => void): void {
    const outer = this.#f.local('i32')
    forLoop(this.#f, outer, 0, this.#outerPoints, () => body(outer))
    this.#f.release(outer)
  }

  /** The blocks at one index of the outer axes, by its number. */
  #blocksAt(outer: Local, body: (block: Block, column: Local | null) => void): void {
    const indices = unravel(this.#code, outer, this.#outer)
    this.#blocks(indices, [0, this.#columns], body)
    this.#f.release(...indices.values())
  }

  /** This part's blocks. */
  #eachPoint(body: (block: Block) => void): void {
    const f = this.#f
    const { nest, axis, kind } = this.#plan
    const kept = nest.domain.slice(0, nest.keep)
    if (kept.length === 0) {
      f.get(this.#b.part)
        .op('i32.eqz')
        .if(() => this.#blocks(new Map(), [0, 1], body))
      return
    }
    const split = axisToSplit(kept)
    const grain = kind === 'columns' && split === axis && kept[split]! >= 64 ? 16 : 1
    const part = partOf(f, this.#b, kept[split]!, grain)
    const bounds = (a: number): readonly [Bound, Bound] => (a === split ? part : [0, kept[a]!])
    const indices = new Map<number, Local>()
    const loop = (depth: number): void => {
      const a = this.#outer[depth]
      if (a === undefined) {
        this.#blocks(indices, kind === 'columns' ? bounds(axis) : [0, 1], body)
        return
      }
      const index = f.local('i32')
      indices.set(a, index)
      forLoop(f, index, ...bounds(a), () => loop(depth + 1))
      f.release(index)
    }
    loop(0)
  }

  #blocks(
    indices: ReadonlyMap<number, Local>,
    [from, to]: readonly [Bound, Bound],
    body: (block: Block, column: Local | null) => void,
  ): void {
    const code = this.#code
    if (this.#plan.kind === 'rows') {
      const block = new RowBlock(code, this.#plan, indices, this.#needed, this.#roots)
      body(block, null)
      block.release()
      return
    }
    const f = this.#f
    const column = f.local('i32')
    const stretch = ({ facts, from: first, to: last, vectors }: Stretch): void => {
      const needed = code.needed(this.#roots, facts)
      const accesses = [...needed, ...this.#needed.filter(e => e >= code.exprs.length)]
      const run = (vectors: number, lanes: 'four' | 'one'): void => {
        const block = new ColumnBlock(
          code,
          this.#plan,
          indices,
          accesses,
          this.#roots,
          column,
          vectors,
          lanes,
          facts,
        )
        body(block, column)
        block.release()
      }
      const one = (): void => run(1, 'one')
      if (vectors) spanLoops(f, column, first, last, this.#vectors(facts), n => run(n, 'four'), one)
      else forLoop(f, column, first, last, one)
    }
    // Guards that columns differ in are settled here, others at each element.
    const { keep } = this.#plan.nest
    const rows = new Rows(code, this.#roots, stretch, g => g.at.coefs.every((c, a) => a < keep || c === 0))
    rows.emit(new Places(code, null, indices), new Facts(code.domain), from, to)
    f.release(column)
  }

  /** Vectors of points side by side: a cache line, unless the accumulators and values would not fit the registers. */
  #vectors(facts: Facts): number {
    const { nest } = this.#plan
    const folded = this.#code.needed(
      nest.reductions.map(r => r.expr),
      facts,
    )
    const most = Math.max(
      ...Array.from({ length: nest.stages }, (_, s) => nest.reductions.filter(r => r.stage === s).length),
    )
    return folded.length > 24 ? 1 : most > 1 || folded.length > 12 ? 2 : 4
  }

  #finish(block: Block, folding: Folding): void {
    for (const [k, list] of folding.accumulators.entries()) {
      const values = block.values[k]!
      for (const [i, accumulator] of list.entries())
        this.#setReduced(
          values,
          folding.reductions[i]!,
          accumulator.finish(() => values.local()),
        )
      values.hoist(this.#roots)
    }
    releaseFolding(folding)
  }

  #setReduced(values: Values, reduction: Reduction, value: Vector): void {
    const index = this.#plan.nest.reductions.indexOf(reduction)
    for (const [e, expr] of this.#code.exprs.entries())
      if (expr.kind === 'reduced' && expr.reduction === index) values.set(e, value)
  }

  /** Reductions of stages before `stage`, from the workspace. */
  #loadValues(block: Block, outer: Local, column: Local | null, stage: number): void {
    const { reductions } = this.#plan.nest
    for (const [k, values] of block.values.entries()) {
      for (const reduction of reductions) {
        if (reduction.stage >= stage) continue
        const { dtype } = reduction
        const place = {
          push: this.#valuePlace(reduction, outer, column, k),
          offset: 0,
          step: dtypeBytes(dtype),
        }
        this.#setReduced(
          values,
          reduction,
          loadVector(this.#f, dtype, place, block.lanes, () => values.local()),
        )
      }
      values.hoist(this.#roots)
    }
  }

  /** Pushes where the value of a chunk is: tasks count chunks of all outer points. */
  #partialPlace(
    reduction: Reduction,
    bytes: number,
    task: Local,
    column: Local | null,
    vector: number,
  ): () => void {
    const { nest, points, chunks } = this.#plan
    const base = 8 * nest.reductions.indexOf(reduction) * points * chunks
    return () => this.#pushSlot(base, bytes, task, column, vector)
  }

  #valuePlace(reduction: Reduction, outer: Local, column: Local | null, vector: number): () => void {
    const { nest, points, chunks } = this.#plan
    const base = 8 * points * (nest.reductions.length * chunks + nest.reductions.indexOf(reduction))
    return () => this.#pushSlot(base, dtypeBytes(reduction.dtype), outer, column, vector)
  }

  /** Pushes workspace + base + bytes · (number · columns + column + 4 · vector). */
  #pushSlot(base: number, bytes: number, number: Local, column: Local | null, vector: number): void {
    const f = this.#f
    f.get(number)
    if (this.#columns > 1) f.i32(this.#columns).op('i32.mul')
    if (column !== null) f.get(column).op('i32.add')
    f.i32(bytes).op('i32.mul').get(this.#b.workspace()).op('i32.add')
    f.i32(base + 4 * vector * bytes).op('i32.add')
  }

  #storeElements(block: Block, range: Parameters<Block['each']>[0]): void {
    const { perElement } = this.#plan.nest
    if (perElement.length === 0) return
    const { to, store } = this.#elementWrites()
    block.each(
      range,
      perElement.map(s => s.expr),
      to,
      store,
    )
  }

  /** The accesses of what is written at every element, and the code that writes it. */
  #elementWrites(): NonNullable<Folding['writes']> {
    const { perElement, perPoint } = this.#plan.nest
    const first = this.#code.exprs.length + perPoint.length
    return {
      to: perElement.map((_, i) => first + i),
      store: (values, lanes) => this.#store(perElement, values, first, lanes),
    }
  }

  #storePoints(block: Block): void {
    const { nest } = this.#plan
    const lanes = block.lanes === 'four' ? 'four' : 'one'
    for (const values of block.values) this.#store(nest.perPoint, values, this.#code.exprs.length, lanes)
  }

  #store(stores: readonly Store[], values: Values, first: number, lanes: 'four' | 'one'): void {
    const results = stores.map(s => values.value(s.expr))
    for (const [i, result] of results.entries()) storeVector(this.#f, result, values.place(first + i), lanes)
  }
}

function releaseFolding({ accumulators }: Folding): void {
  for (const accumulator of accumulators.flat()) accumulator.release()
}
