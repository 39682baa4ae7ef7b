import type { DagTaskId, DagValueId } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'

/** An order of tasks, updates left out, and the drops in its stages. */
export interface Saved {
  readonly order: Int32Array
  readonly drops: readonly (readonly [value: DagValueId, stage: number])[]
}

/**
 * A schedule in stages. Tasks run for the first time in a base order, one a stage; before its own task, a stage may run
 * earlier tasks again. What is run again follows from the drops: a drop (v, b) says that value v, if stage b needs it, is
 * not kept until then but computed again, from inputs which in turn are kept or dropped. (Checkmate's class of schedules,
 * Jain et al. 2020, with retention as the decision, as in Moccasin, Bartan et al. 2023.)
 *
 * After the last task comes one more stage that only needs the outputs and successors, so that these, too, may be dropped and computed
 * again.
 *
 * Updates, that is tasks which only write successors that nothing reads, are no stages: each runs at the end of the
 * first stage after which nothing reads the old content of its buffers, which recomputation may move. A drop (w, −1) of an
 * update's result w says that it does not wait: it runs as soon as its inputs are there, and w is copied to its buffer later.
 */
export class Stages {
  readonly model: Model
  /** The base order, updates left out. */
  readonly order: Int32Array
  /** Stage of each task; −1 for updates and what is not needed. */
  readonly stageOf: Int32Array
  readonly #updates: readonly DagTaskId[]
  /** What the last stage needs. */
  readonly finals: readonly DagValueId[]
  /** Values dropped by stage. */
  readonly #drops: (Set<DagValueId> | undefined)[]
  /** Updates that do not wait for the last reader of old content. */
  readonly #early = new Set<DagTaskId>()
  /** What each stage runs again, as long as its drops and the order stay. */
  readonly #known: (readonly DagTaskId[] | undefined)[]

  sequence: Int32Array
  /** Stage of each position. */
  stage: Int32Array
  length = 0
  readonly #mark: Int32Array
  readonly #queued: Int32Array
  readonly #lastOld: Int32Array
  #epoch = 0

  constructor(model: Model, order: readonly DagTaskId[]) {
    this.model = model
    const updates = updatesOf(model)
    this.#updates = order.filter(t => updates[t] === 1)
    this.finals = [...model.dag.outputs, ...(model.dag.next ?? []).map(n => n.value)]
    this.order = Int32Array.from(order.filter(t => updates[t] === 0))
    this.stageOf = new Int32Array(model.cost.length).fill(-1)
    for (const [i, t] of this.order.entries()) this.stageOf[t] = i
    this.#drops = new Array<Set<DagValueId> | undefined>(this.order.length + 1)
    this.#known = new Array<readonly DagTaskId[] | undefined>(this.order.length + 1)
    this.sequence = new Int32Array(2 * order.length + 16)
    this.stage = new Int32Array(2 * order.length + 16)
    this.#mark = new Int32Array(model.size.length)
    this.#queued = new Int32Array(model.cost.length)
    this.#lastOld = new Int32Array(model.size.length)
  }

  has(value: DagValueId, stage: number): boolean {
    if (stage < 0) return this.#early.has(this.model.producer[value]!)
    return this.#drops[stage]?.has(value) === true
  }

  /** Whether a value may be computed again at all. */
  droppable(value: DagValueId): boolean {
    const t = this.model.producer[value]!
    return t >= 0 && this.model.once[t] === 0 && this.stageOf[t]! >= 0
  }

  drop(value: DagValueId, stage: number): void {
    if (stage < 0) {
      this.#early.add(this.model.producer[value]!)
      return
    }
    const set = this.#drops[stage] ?? new Set()
    this.#drops[stage] = set.add(value)
    this.#known[stage] = undefined
  }

  keep(value: DagValueId, stage: number): void {
    if (stage < 0) this.#early.delete(this.model.producer[value]!)
    this.#drops[stage]?.delete(value)
    this.#known[stage] = undefined
  }

  drops(): [value: DagValueId, stage: number][] {
    const list: [number, number][] = [...this.#early].map(t => [this.model.writes[t]![0]!, -1])
    for (const [stage, set] of this.#drops.entries())
      if (set !== undefined) for (const v of set) list.push([v, stage])
    return list
  }

  /** The order and drops, to come back to. */
  save(): Saved {
    return { order: this.order.slice(), drops: this.drops() }
  }

  load({ order, drops }: Saved): void {
    this.order.set(order)
    for (const [i, t] of order.entries()) this.stageOf[t] = i
    this.restore(drops)
  }

  /** Moves the task of stage `from` to stage `to`, with its drops; those between them close up. */
  move(from: number, to: number): void {
    const { order, stageOf } = this
    const [task, drops] = [order[from]!, this.#drops[from]]
    const step = from < to ? 1 : -1
    for (let b = from; b !== to; b += step) {
      order[b] = order[b + step]!
      this.#drops[b] = this.#drops[b + step]
    }
    order[to] = task
    this.#drops[to] = drops
    this.#known.fill(undefined)
    for (let b = Math.min(from, to); b <= Math.max(from, to); b++) stageOf[order[b]!] = b
  }

  /** The first and last stage at which the task of stage `b` could stand instead. */
  range(b: number): [first: number, last: number] {
    const { model, order, stageOf } = this
    const task = order[b]!
    let first = 0
    for (const v of model.reads[task]!) {
      const p = model.producer[v]!
      if (p >= 0) first = Math.max(first, stageOf[p]! + 1)
    }
    const writes = model.writes[task]!
    let last = b
    while (last + 1 < order.length && !model.reads[order[last + 1]!]!.some(v => writes.includes(v))) last++
    return [first, last]
  }

  restore(drops: readonly (readonly [value: DagValueId, stage: number])[]): void {
    this.#drops.fill(undefined)
    this.#known.fill(undefined)
    this.#early.clear()
    for (const [v, stage] of drops) this.drop(v, stage)
  }

  /** Writes the sequence of runs down. Drops of values that their stage does not need have no effect. */
  build(): number {
    const { order } = this
    this.#lastOld.fill(-1)
    this.length = 0
    if (this.#updates.length === 0) {
      for (let b = 0; b <= order.length; b++) this.#stageRuns(b)
      return this.length
    }
    const late = this.#placeUpdates()
    let next = 0
    for (let b = 0; b <= order.length; b++) {
      this.#stageRuns(b)
      for (; next < late.length && late[next]![0] === b; next++) this.#push(late[next]![1], b)
    }
    return this.length
  }

  /** The updates with the stage after which each runs, in order. */
  #placeUpdates(): [stage: number, task: DagTaskId][] {
    const { model, order } = this
    // The last reads of old content do not depend on where updates stand, so a dry run finds them.
    for (let b = 0; b <= order.length; b++) {
      const from = this.length
      this.#stageRuns(b)
      for (let i = from; i < this.length; i++)
        for (const v of model.reads[this.sequence[i]!]!) if (model.nextOf[v]! >= 0) this.#lastOld[v] = b
    }
    this.length = 0
    const late = this.#updates.map((t): [number, number] => {
      let stage = 0
      for (const v of model.reads[t]!) {
        const p = model.producer[v]!
        if (p >= 0) stage = Math.max(stage, this.stageOf[p]!)
      }
      if (this.#early.has(t)) return [stage, t]
      for (const w of model.writes[t]!) stage = Math.max(stage, this.#lastOld[model.bufferOf[w]!]!)
      return [stage, t]
    })
    return late.sort((a, b) => a[0] - b[0])
  }

  #push(task: DagTaskId, stage: number): void {
    if (this.length === this.sequence.length) {
      this.sequence = grown(this.sequence)
      this.stage = grown(this.stage)
    }
    this.sequence[this.length] = task
    this.stage[this.length++] = stage
  }

  /** Runs of one stage: what it computes again, in base order, then its own task. */
  #stageRuns(b: number): void {
    const drops = this.#drops[b]
    if (drops !== undefined && drops.size > 0) {
      const again = this.#known[b] ?? this.#again(b, drops)
      this.#known[b] = again
      for (const t of again) this.#push(t, b)
    }
    if (b < this.order.length) this.#push(this.order[b]!, b)
  }

  /** Tasks that stage `b` runs again, in base order. */
  #again(b: number, drops: ReadonlySet<DagValueId>): number[] {
    const { model, order, stageOf } = this
    const epoch = ++this.#epoch
    const found: DagTaskId[] = []
    const want = (values: Iterable<DagValueId>): void => {
      for (const v of values) {
        if (this.#mark[v] === epoch) continue
        this.#mark[v] = epoch
        if (!drops.has(v)) continue
        const p = model.producer[v]!
        if (p < 0 || this.#queued[p] === epoch) continue
        this.#queued[p] = epoch
        found.push(p)
      }
    }
    want(b < order.length ? model.reads[order[b]!]! : this.finals)
    // A task that runs again gives all its results: none of them has to be kept.
    for (let i = 0; i < found.length; i++) want(model.reads[found[i]!]!)
    return found.sort((x, y) => stageOf[x]! - stageOf[y]!)
  }
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length)
  larger.set(array)
  return larger
}

/** Tasks that only write successors which nothing reads, and may write them straight into their buffers: a flag a task. */
export function updatesOf(model: Model): Uint8Array {
  const read = new Uint8Array(model.size.length)
  for (const t of model.needed) for (const v of model.reads[t]!) read[v] = 1
  const flags = new Uint8Array(model.cost.length)
  for (const t of model.needed) {
    const sinks = [...model.writes[t]!].every(w => {
      const buffer = model.bufferOf[w]!
      if (buffer < 0 || read[w] === 1 || model.output[w] === 1) return false
      return !model.reads[t]!.includes(buffer) || model.inPlace[t]!.some(([p, x]) => p === buffer && x === w)
    })
    flags[t] = sinks ? 1 : 0
  }
  return flags
}
