import type { Facts } from '../bound/facts.ts'
import type { DagTaskId, DagValueId, Step } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import { Program, Sum } from './program.ts'

/** A whole unit of bytes and of cost, so that the program's numbers are small. */
export interface Units {
  readonly bytes: number
  readonly cost: number
}

/**
 * Schedules in stages as a mixed-integer program, after Checkmate (Jain et al., MLSys 2020, section 4): stage s ends with the
 * first run of the s-th task of the base order, and may run each earlier task once more before it, in that order; a stage
 * without a first run comes last where an output may be lost and computed again. Binary
 * unknowns are the runs and which values are kept from one stage to the next. Memory is followed run by run; a value may be
 * freed after any run that touches it, which is a share that the rows let be 1 only where nothing needs it any more.
 */
export class Staged {
  readonly program: Program = new Program()
  readonly units: Units
  readonly #model: Model
  readonly #facts: Facts
  readonly #order: readonly DagTaskId[]
  /** Position of each needed task in the order. */
  readonly #position: Int32Array
  readonly #stages: number
  /** By task: the last stage in which what comes of it can serve; the number of stages for what must be there at the end. */
  readonly #serves: Int32Array
  /** By stage: repeated runs, and values kept from the stage before, as columns. */
  readonly #runs: Map<DagTaskId, number>[] = []
  readonly #kept: Map<DagValueId, number>[] = []
  readonly #pinned: number

  /** `budget` is in bytes, as are all sizes. */
  constructor(facts: Facts, order: readonly DagTaskId[], budget: number) {
    const { model } = facts
    this.#facts = facts
    this.#model = model
    this.#order = order
    this.#position = new Int32Array(model.cost.length).fill(-1)
    for (const [i, t] of order.entries()) this.#position[t] = i
    this.units = unitsOf(facts)
    const early = (v: DagValueId): boolean => this.#position[model.producer[v]!] !== order.length - 1
    this.#pinned = facts.pinned / this.units.bytes
    this.#stages = order.length + (model.dag.outputs.some(v => model.producer[v]! >= 0 && early(v)) ? 1 : 0)
    this.#serves = this.#service()
    for (let s = 0; s <= this.#stages; s++) this.#unknowns(s)
    for (let s = 0; s < this.#stages; s++) this.#stage(s, Math.floor(budget / this.units.bytes))
    for (const v of model.dag.outputs)
      if (model.pinned[v] === 0) this.program.equals(1, new Sum().add(this.#kept[this.#stages]!.get(v)))
  }

  /** A solution as steps. */
  steps(columns: Float64Array): Step[] {
    const model = this.#model
    const is = (column: number | undefined): boolean => column !== undefined && columns[column]! > 0.5
    const steps: Step[] = []
    const live = new Set<DagValueId>()
    for (const [v, value] of model.dag.values.entries())
      if (value.input === true && value.pinned !== true) live.add(v)
    const sequence = this.#runs.flatMap((runs, s) => [
      ...this.#order.slice(0, s).filter(t => is(runs.get(t))),
      ...this.#order.slice(s, s + 1),
    ])
    const free = (v: DagValueId): void => {
      if (live.delete(v)) steps.push({ free: v })
    }
    for (const v of live) if (!is(this.#kept[0]!.get(v))) free(v)
    for (const [i, task] of sequence.entries()) {
      steps.push({ run: task })
      for (const w of model.writes[task]!) live.add(w)
      // Freed as soon as nothing before its next computation reads it.
      for (const v of [...live]) {
        if (model.output[v] === 1 && !this.#comesBack(v, sequence, i)) continue
        if (!this.#isRead(v, sequence, i)) free(v)
      }
    }
    return steps
  }

  #comesBack(v: DagValueId, sequence: readonly DagTaskId[], after: number): boolean {
    return sequence.lastIndexOf(this.#model.producer[v]!) > after
  }

  /** Whether something reads it before it is computed again. */
  #isRead(v: DagValueId, sequence: readonly DagTaskId[], after: number): boolean {
    for (const task of sequence.slice(after + 1)) {
      if (this.#model.reads[task]!.includes(v)) return true
      if (task === this.#model.producer[v]) return false
    }
    return false
  }

  /** By task: the last stage that needs what comes of it. */
  #service(): Int32Array {
    const { reads, writes, producer, output } = this.#model
    const order = this.#order
    const last = new Int32Array(this.#model.cost.length).fill(-1)
    for (let i = order.length - 1; i >= 0; i--) {
      const t = order[i]!
      if (writes[t]!.some(w => output[w] === 1)) last[t] = this.#stages
      for (const v of reads[t]!) {
        const p = producer[v]!
        if (p >= 0) last[p] = Math.max(last[p]!, last[t]!, i)
      }
    }
    return last
  }

  #serviceOf(v: DagValueId): number {
    const { producer, output, reads } = this.#model
    if (output[v] === 1) return this.#stages
    let last = -1
    for (const [i, t] of this.#order.entries())
      if (reads[t]!.includes(v)) last = Math.max(last, i, this.#serves[t]!)
    return Math.min(last, producer[v]! >= 0 ? this.#serves[producer[v]!]! : last)
  }

  #unknowns(s: number): void {
    const { model, program, order } = { model: this.#model, program: this.program, order: this.#order }
    const runs = new Map<DagTaskId, number>()
    const kept = new Map<DagValueId, number>()
    if (s < this.#stages)
      for (const t of order.slice(0, s))
        if (model.once[t] === 0 && this.#serves[t]! >= s)
          runs.set(t, program.binary(model.cost[t]! / this.units.cost))
    for (let v = 0; v < model.size.length; v++) {
      const p = model.producer[v]!
      const there =
        p >= 0
          ? this.#position[p]! >= 0 && this.#position[p]! < s
          : model.pinned[v] === 0 && model.dag.values[v]!.input === true
      if (there && this.#serviceOf(v) >= s) kept.set(v, program.binary())
    }
    this.#runs.push(runs)
    this.#kept.push(kept)
  }

  #stage(s: number, budget: number): void {
    const { program } = this
    const model = this.#model
    const runs = this.#runs[s]!
    const slots = [...this.#order.slice(0, s).filter(t => runs.has(t)), ...this.#order.slice(s, s + 1)]
    const made = this.#made(s, slots)
    const touched = new Set<DagValueId>(this.#kept[s]!.keys())
    for (const t of slots) for (const v of this.#touches(t)) touched.add(v)
    const frees = slots.map(() => new Map<DagValueId, number>())
    for (const v of touched) this.#life(s, v, slots, made, frees)
    const room = budget - this.#pinned
    let live = new Sum()
    for (const [v, column] of this.#kept[s]!) live.add(column, this.#sizeOf(v))
    for (const [k, t] of slots.entries()) {
      const run = runs.get(t)
      for (const w of model.writes[t]!) {
        if (run === undefined) live.plus(this.#sizeOf(w))
        else live.add(made.get(w), this.#sizeOf(w))
      }
      const amount = program.amount(Math.max(0, room))
      program.equals(0, live.add(amount, -1))
      live = new Sum().add(amount)
      const workspace = this.#workspaceOf(t)
      if (run === undefined) program.atMost(room - workspace, new Sum().add(amount))
      else if (workspace > 0) program.atMost(room, new Sum().add(amount).add(run, workspace))
      for (const [v, free] of frees[k]!) live.add(free, -this.#sizeOf(v))
    }
  }

  #touches(t: DagTaskId): Set<DagValueId> {
    const { reads, writes, pinned } = this.#model
    return new Set([...reads[t]!, ...writes[t]!].filter(v => pinned[v] === 0))
  }

  /** Columns that say that a repeated run makes a value which is not there: the run itself, if it has one result. */
  #made(s: number, slots: readonly DagTaskId[]): Map<DagValueId, number> {
    const made = new Map<DagValueId, number>()
    const { program } = this
    for (const t of slots) {
      const run = this.#runs[s]!.get(t)
      if (run === undefined) continue
      const writes = this.#model.writes[t]!
      for (const w of writes) {
        const kept = this.#kept[s]!.get(w)
        const column: number = writes.length === 1 || kept === undefined ? run : program.share()
        made.set(w, column)
        if (kept !== undefined) program.atMost(1, new Sum().add(column).add(kept))
        if (column === run) continue
        program.atMost(0, new Sum().add(column).add(run, -1))
        program.atMost(0, new Sum().add(run).add(kept, -1).add(column, -1))
      }
    }
    return made
  }

  /** A value in a stage: read only while it is there, freed once, kept for the next stage only if it is not freed. */
  #life(
    s: number,
    v: DagValueId,
    slots: readonly DagTaskId[],
    made: ReadonlyMap<DagValueId, number>,
    frees: readonly Map<DagValueId, number>[],
  ): void {
    const { program } = this
    const { reads, producer } = this.#model
    const runs = this.#runs[s]!
    const p = producer[v]!
    const firstHere = p >= 0 && this.#position[p] === s
    const present = new Sum()
      .add(this.#kept[s]!.get(v))
      .add(made.get(v))
      .plus(firstHere ? 1 : 0)
    const final = this.#order[s]
    const stays = final !== undefined && reads[final]!.includes(v)
    const gone = new Sum()
    for (const [k, t] of slots.entries()) {
      const run = runs.get(t)
      const use = new Sum().addAll(gone).addAll(present, -1)
      if (reads[t]!.includes(v)) program.atMost(0, run === undefined ? use.plus(1) : use.add(run))
      if (run === undefined || stays || !this.#touches(t).has(v)) continue
      const free = program.share()
      frees[k]!.set(v, free)
      gone.add(free)
      program.atMost(0, new Sum().add(free).add(run, -1))
    }
    const next = this.#kept[s + 1]!.get(v)
    program.atMost(0, gone.add(next).addAll(present, -1))
  }

  #sizeOf(v: DagValueId): number {
    return this.#facts.size[v]! / this.units.bytes
  }

  #workspaceOf(t: DagTaskId): number {
    return this.#facts.workspace[t]! / this.units.bytes
  }
}

function unitsOf({ model, size, workspace }: Facts): Units {
  const common = (list: Iterable<number>): number => {
    let unit = 0
    for (const n of list) for (let rest = n; rest > 0; ) [unit, rest] = [rest, unit % rest]
    return unit || 1
  }
  return {
    bytes: common([...size, ...workspace]),
    cost: common(model.needed.map(t => model.cost[t]!)),
  }
}
