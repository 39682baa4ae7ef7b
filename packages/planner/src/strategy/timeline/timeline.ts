import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { Again } from './again.ts'
import { DropSets, type Drops } from './drop-sets.ts'
import { droppable } from './droppable.ts'
import { Journal, kinds } from './journal.ts'
import { Local } from './local.ts'
import { Measure } from './measure.ts'
import { Profile } from './profile.ts'
import { Touches } from './touches.ts'
import { Updates } from './updates.ts'

/** An order of tasks, updates left out, and the drops in its stages. */
export interface Saved {
  readonly order: Int32Array
  readonly drops: Readonly<Drops>
}

/**
 * A schedule in stages, with what lives when. Tasks run for the first time in a base order, one a stage; before its own task, a
 * stage may run earlier tasks again. What is run again follows from the drops: a drop (v, b) says that value v, if stage b needs
 * it, is not kept until then but computed again, from inputs which in turn are kept or dropped. (Checkmate's class of schedules,
 * Jain et al. 2020, with retention as the decision, as in Moccasin, Bartan et al. 2023.) After the last task comes one more stage
 * that only needs the outputs and successors.
 *
 * A change touches the stage it is about and those in which a value's stay then begins or ends; what lives through the stages
 * between is a range in a segment tree. So it costs what it changes, not the length of the schedule. Peak and cost are those
 * that the simulation of the whole sequence finds.
 *
 * Updates, that is tasks which only write successors that nothing reads, are no stages: each runs at the end of the first stage
 * after which nothing reads the old content of its buffers. A drop (w, −1) of an update's result w says that it does not wait: it
 * runs as soon as its inputs are there, and w is copied to its buffer later.
 */
export class Timeline {
  readonly model: Model
  /** The task of each stage. */
  readonly order: Int32Array
  /** Stage of each task; −1 for updates and what is not needed. */
  readonly stageOf: Int32Array
  readonly profile: Profile
  readonly touches: Touches
  /** Cost of all runs, and of copies. */
  get cost(): number {
    return this.#cost + this.updates.copyCost
  }
  /** Runs written down so far: a measure of time. */
  work = 0
  readonly updates: Updates
  #cost = 0
  readonly #drops: DropSets
  readonly #again: Again
  /** Runs of each stage: what is computed again, its own task, updates. */
  readonly #runs: DagTaskId[][]
  readonly #local: Local
  readonly #reserved: Float64Array
  readonly #droppable: Uint8Array
  readonly #stay: (value: DagValueId, from: number, to: number, sign: number) => void
  readonly #end: (stage: number) => void
  #journal: Journal | undefined
  /** What was measured before what is written down in the journal, and before the last trial. */
  readonly #begun = new Map<number, number>()
  readonly #tried = new Map<number, number>()
  /** What the last trial changed. */
  #trial: Drops = []
  #trialDrops = false
  /** Stages with other drops than they are in line with, and tasks turned early or late. */
  readonly #changed = new Set<number>()
  readonly #turned: DagTaskId[] = []
  /** While several stages change, the buffers for which something may change: they are settled afterwards. */
  #unsettled: Set<DagValueId> | undefined

  constructor(model: Model, order: readonly DagTaskId[]) {
    this.model = model
    this.updates = new Updates(model, order)
    const stages = order.filter(t => !this.updates.isUpdate(t))
    this.order = Int32Array.from(stages)
    this.stageOf = new Int32Array(model.cost.length).fill(-1)
    for (const [i, t] of stages.entries()) this.stageOf[t] = i
    const count = stages.length + 1
    this.profile = new Profile(count)
    this.touches = new Touches(model)
    this.#drops = new DropSets(count)
    this.#again = new Again(model, this.stageOf)
    this.#runs = new Array<DagTaskId[]>(count).fill(unset)
    const measure = new Measure(model, this.touches, this.updates, count - 1)
    this.#local = new Local(measure, this.profile, this.#runs)
    this.#reserved = new Float64Array(count)
    this.#droppable = droppable(model, this.stageOf)
    const { size } = model
    this.#stay = (v, from, to, sign) => this.profile.add(from, to, sign * size[v]!)
    this.#end = stage => this.#local.mark(stage)
    this.#build()
  }

  get peak(): number {
    return Math.max(this.model.startSize, this.profile.peak)
  }

  has(value: DagValueId, stage: number): boolean {
    if (stage < 0) return this.updates.early(this.model.producer[value]!)
    return this.#drops.has(value, stage)
  }

  /** Whether a value may be computed again at all. */
  droppable(value: DagValueId): boolean {
    return this.#droppable[value] === 1
  }

  runs(stage: number): readonly DagTaskId[] {
    return this.#runs[stage]!
  }

  /** Those which were not dropped are, all at once; returns them. */
  drop(drops: Drops): Drops {
    const fresh = drops.filter(([v, stage]) => !this.has(v, stage))
    for (const [v, stage] of fresh) this.#journal?.note(v, stage, true)
    this.#set(fresh, true)
    return fresh
  }

  /** Those which were dropped are so no longer; returns them. */
  keep(drops: Drops): Drops {
    const there = drops.filter(([v, stage]) => this.has(v, stage))
    for (const [v, stage] of there) this.#journal?.note(v, stage, false)
    this.#set(there, false)
    return there
  }

  /** Drops, or keeps, to have a look: `undo` takes it back for little, as long as nothing else has changed. */
  try(drops: Drops, dropped: boolean): void {
    this.#tried.clear()
    this.#local.note(this.#tried)
    this.#trial = dropped ? this.drop(drops) : this.keep(drops)
    this.#trialDrops = dropped
    this.#local.forget(this.#tried)
  }

  undo(): void {
    // The last first, so that nothing of it remains written down.
    for (let i = this.#trial.length - 1; i >= 0; i--) {
      const [v, stage] = this.#trial[i]!
      this.#journal?.note(v, stage, !this.#trialDrops)
      this.#toggle(v, stage, !this.#trialDrops)
    }
    this.#trial = []
    this.#settle()
    this.#local.restore(this.#tried)
  }

  /**
   * Whether the peak would certainly exceed `target` if a dropped value were kept until its stage: even if nothing that the
   * stage runs again were kept for it.
   */
  tooLarge(value: DagValueId, stage: number, target: number): boolean {
    const from = this.touches.before(value, stage)
    if (from < 0 || from >= stage - 1) return false
    let room = target - this.model.size[value]!
    const runs = this.#runs[stage]!
    const main = stage < this.order.length ? this.order[stage]! : -1
    for (let i = 0; i < runs.length && runs[i] !== main; i++) {
      const r = this.model.reads[runs[i]!]!
      for (let k = 0; k < r.length; k++)
        if (this.touches.enters(r[k]!, stage)) room += this.model.size[r[k]!]!
    }
    return this.profile.exceeds(room, from + 1, stage - 1)
  }

  #set(drops: Drops, dropped: boolean): void {
    for (const [v, stage] of drops) this.#toggle(v, stage, dropped)
    this.#settle()
    this.#local.update()
  }

  #toggle(value: DagValueId, stage: number, dropped: boolean): void {
    if (stage < 0) {
      const t = this.model.producer[value]!
      this.updates.setEarly(t, dropped)
      this.#turned.push(t)
      return
    }
    this.#drops.set(value, stage, dropped)
    // Nothing changes where nothing of the stage reads it.
    if (this.touches.touched(value, stage)) this.#changed.add(stage)
  }

  /** Brings all in line with what was toggled. */
  #settle(): void {
    for (const stage of this.#changed) this.#restage(stage)
    this.#changed.clear()
    for (const t of this.#turned) {
      this.#settleUpdate(t)
      for (const w of this.model.writes[t]!) this.#settleCopies(this.model.bufferOf[w]!)
    }
    this.#turned.length = 0
  }

  drops(): Drops {
    const early = this.updates.earlyOnes().map((t): [number, number] => [this.model.writes[t]![0]!, -1])
    return [...early, ...this.#drops.list()]
  }

  /** The order and drops, to come back to. */
  save(): Saved {
    return { order: this.order.slice(), drops: this.drops() }
  }

  /** What differs costs, and the stages between the first and the last whose tasks do. */
  load({ order, drops }: Saved): void {
    const wanted = new DropSets(order.length + 1)
    const early = new Set<DagTaskId>()
    for (const [v, stage] of drops) {
      if (stage < 0) early.add(this.model.producer[v]!)
      else wanted.set(v, stage, true)
    }
    let [low, high] = [0, order.length - 1]
    while (low <= high && order[low] === this.order[low]) low++
    while (low <= high && order[high] === this.order[high]) high--
    this.#unsettled = new Set()
    for (let b = low; b <= high; b++) this.#replace(b, [])
    this.order.set(order)
    for (let b = low; b <= high; b++) this.stageOf[order[b]!] = b
    for (const t of this.updates.tasks) this.updates.setEarly(t, early.has(t))
    for (let b = 0; b <= order.length; b++) {
      if (this.#drops.take(b, wanted) || (low <= b && b <= high)) this.#restage(b)
    }
    this.#settleAll()
    this.#local.update()
  }

  /** From here on changes are written down, until `commit` or `rollback`. */
  begin(): void {
    this.#journal = new Journal()
    this.#local.note(this.#begun)
  }

  commit(): void {
    this.#stop()
    this.#begun.clear()
  }

  /** Takes back what has changed since `begin`. */
  rollback(): void {
    this.#stop().backwards((a, b, kind) => {
      if (kind !== kinds.move) {
        this.#toggle(a, b, kind === kinds.keep)
        return
      }
      this.#settle()
      this.#move(b, a)
    })
    this.#settle()
    this.#local.restore(this.#begun)
  }

  /** The order and drops as they were at `begin`. */
  begun(): Saved {
    const journal = this.#journal!
    this.rollback()
    const saved = this.save()
    this.begin()
    journal.forwards((a, b, kind) => {
      if (kind === kinds.move) this.move(a, b)
      else if (kind === kinds.drop) this.drop([[a, b]])
      else this.keep([[a, b]])
    })
    return saved
  }

  /** Values whose drops changed since `begin`, with the stages; the latest last. */
  changes(): Drops {
    const list: [number, number][] = []
    this.#journal?.forwards((a, b, kind) => {
      if (kind !== kinds.move) list.push([a, b])
    })
    return list
  }

  /** Nothing is written down any more; what was. */
  #stop(): Journal {
    const journal = this.#journal!
    this.#journal = undefined
    this.#local.forget(this.#begun)
    return journal
  }

  /** Moves the task of stage `from` to stage `to`, with its drops; those between them close up. */
  move(from: number, to: number): void {
    if (from === to) return
    this.#journal?.move(from, to)
    this.#move(from, to)
    this.#local.update()
  }

  #move(from: number, to: number): void {
    const { model, order, stageOf, updates } = this
    const [low, high] = [Math.min(from, to), Math.max(from, to)]
    this.#unsettled = new Set()
    for (let b = low; b <= high; b++) this.#replace(b, [])
    const task = order[from]!
    if (from < to) order.copyWithin(from, from + 1, to + 1)
    else order.copyWithin(to + 1, to, from)
    order[to] = task
    this.#drops.move(from, to)
    for (let b = low; b <= high; b++) stageOf[order[b]!] = b
    for (let b = low; b <= high; b++) this.#restage(b)
    const buffers = this.#unsettled
    this.#unsettled = undefined
    for (let b = low; b <= high; b++)
      for (const w of model.writes[order[b]!]!) for (const t of updates.readersOf(w)) this.#settleUpdate(t)
    for (const p of buffers) this.#settleUpdate(model.producer[model.nextOf[p]!]!)
    for (const p of buffers) this.#settleCopies(p)
  }

  /** The first and last stage at which the task of stage `b` could stand instead, at most `far` away. */
  range(b: number, far: number = Number.POSITIVE_INFINITY): [first: number, last: number] {
    const { model, order, stageOf } = this
    const task = order[b]!
    let first = Math.max(0, b - far)
    for (const v of model.reads[task]!) {
      const p = model.producer[v]!
      if (p >= 0) first = Math.max(first, stageOf[p]! + 1)
    }
    const writes = model.writes[task]!
    const end = Math.min(order.length - 1, b + far)
    let last = b
    while (last < end && !model.reads[order[last + 1]!]!.some(v => writes.includes(v))) last++
    return [Math.min(first, b), last]
  }

  /** Every task once, updates where they stand now. */
  tasks(): DagTaskId[] {
    const list: DagTaskId[] = []
    for (let b = 0; b <= this.order.length; b++) {
      if (b < this.order.length) list.push(this.order[b]!)
      list.push(...this.updates.at(b))
    }
    return list
  }

  /** All runs in a row. */
  sequence(): Int32Array {
    const length = this.#runs.reduce((n, runs) => n + runs.length, 0)
    const sequence = new Int32Array(length)
    let at = 0
    for (const runs of this.#runs) {
      sequence.set(runs, at)
      at += runs.length
    }
    return sequence
  }

  /** Sum over all runs of the bytes alive above `target`. */
  excess(target: number): number {
    let sum = 0
    this.profile.over(target, (b, most) => {
      const through = most - this.#local.at(b) - target
      const during = this.#local.during(b)
      for (let i = 0; i < this.#runs[b]!.length; i++) {
        const over = during[i]! + through
        if (over > 0) sum += over
      }
    })
    return sum
  }

  /** Cost of what a stage runs again for a dropped value, be it for others, too. */
  price(value: DagValueId, stage: number): number {
    const drops = this.#drops.at(stage)
    if (drops === undefined) return 0
    return this.#again.of([value], drops).reduce((n, t) => n + this.model.cost[t]!, 0)
  }

  /** Counts bytes at a stage that nothing may take. */
  reserve(stage: number, bytes: number): void {
    this.#reserved[stage]! += bytes
    this.profile.add(stage, stage, bytes)
  }

  /** Takes back what was reserved. */
  release(): void {
    for (const [b, bytes] of this.#reserved.entries()) this.profile.add(b, b, -bytes)
    this.#reserved.fill(0)
  }

  /** The run of a stage at which most is alive. */
  localPeakAt(stage: number): number {
    return this.#local.peakAt(stage)
  }

  #build(): void {
    const last = this.order.length
    this.updates.start(this.stageOf)
    this.profile.gather(() => {
      this.profile.add(0, last, this.model.pinnedSize)
      this.#unsettled = new Set()
      for (let b = 0; b <= last; b++) this.#restage(b)
      this.#settleAll()
      this.#local.start()
    })
  }

  #settleAll(): void {
    this.#unsettled = undefined
    for (const t of this.updates.tasks) this.#settleUpdate(t)
    for (const p of this.updates.buffers) this.#settleCopies(p)
  }

  /** Brings the runs of a stage in line with its drops. */
  #restage(b: number): void {
    const { order, updates } = this
    const main = b < order.length ? order[b]! : -1
    const drops = this.#drops.at(b)
    const needs = main >= 0 ? this.model.reads[main]! : updates.finals
    const runs = drops === undefined || drops.size === 0 ? [] : this.#again.of(needs, drops)
    if (main >= 0) runs.push(main)
    for (const t of updates.at(b)) runs.push(t)
    this.#replace(b, runs)
  }

  /** Other runs for a stage: the ends of stays in it, and all that hangs on them. */
  #replace(b: number, runs: DagTaskId[]): void {
    const { model, touches, updates } = this
    const before = this.#runs[b]!
    if (before !== unset && before.length === runs.length && before.every((t, i) => t === runs[i])) return
    for (const t of before) this.#cost -= model.cost[t]!
    for (const t of runs) this.#cost += model.cost[t]!
    this.work += 1 + runs.length
    this.#runs[b] = runs
    this.#local.mark(b)
    const outputs = b === this.order.length ? updates.finals : undefined
    touches.replace(b, runs, outputs, this.#stay, this.#end)
    if (!updates.any) return
    const affected = updates.replaceReads(b, before, runs)
    if (this.#unsettled !== undefined) {
      for (const p of affected) this.#unsettled.add(p)
      return
    }
    for (const p of affected)
      if (!this.#settleUpdate(model.producer[model.nextOf[p]!]!)) this.#settleCopies(p)
  }

  /** Moves an update to where it belongs now; whether it was elsewhere. */
  #settleUpdate(t: DagTaskId): boolean {
    const { updates } = this
    if (!updates.isUpdate(t)) return false
    const [from, to] = [updates.stageOf(t), updates.stageFor(t)]
    if (from === to) return false
    updates.place(t, to)
    if (from >= 0) this.#restage(from)
    this.#restage(to)
    for (const w of this.model.writes[t]!) this.#settleCopies(this.model.bufferOf[w]!)
    for (const v of this.model.reads[t]!) if (this.model.nextOf[v]! >= 0) this.#settleCopies(v)
    return true
  }

  /** Whether the successor of `p` goes straight into its buffer, or how long it lives beside it. */
  #settleCopies(p: DagValueId): void {
    const { updates, profile, model } = this
    const w = model.nextOf[p]!
    const t = model.producer[w]!
    const start = updates.lastRun(t)
    const [oldStart, oldEnd, made] = [updates.copyStart[w]!, updates.copyEnd[w]!, updates.madeIn[w]!]
    if (made !== start) {
      // Of several runs only the last makes it; in others it is in the way for a moment.
      updates.madeIn[w] = start
      if (made >= 0) this.#local.mark(made)
      if (start >= 0) this.#local.mark(start)
    }
    const end = start < 0 ? -1 : updates.copiedUntil(p, start, this.#runs[start]!)
    if (end >= 0) this.#local.mark(start)
    if (oldEnd === end && (end < 0 || oldStart === start)) return
    if (oldEnd >= 0) {
      profile.add(oldStart + 1, oldEnd - 1, -model.size[w]!)
      this.#local.mark(oldStart)
      this.#local.mark(oldEnd)
    }
    updates.setCopy(p, w, start, end)
    if (end >= 0) {
      profile.add(start + 1, end - 1, model.size[w]!)
      this.#local.mark(end)
    } else if (start >= 0) this.#local.mark(start)
  }
}

/** The runs of a stage that has not been looked at. */
const unset: DagTaskId[] = []
