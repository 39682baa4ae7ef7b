import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { readersOf } from '../readers.ts'
import { insert, remove } from './ascending.ts'
import { Marked } from './marked.ts'

const none: readonly DagTaskId[] = []

/** Where updates stand, and which new contents of pinned buffers live beside the old until it has been read. */
export class Updates {
  /** Updates, in base order. */
  readonly tasks: readonly DagTaskId[]
  /** Pinned values that get a new content. */
  readonly buffers: readonly DagValueId[]
  /** Whether there are any such. */
  readonly any: boolean
  /** What must be there at the end. */
  readonly finals: readonly DagValueId[]
  /** Of a successor: the stage whose run made it when it was last looked at; −1 before. */
  readonly madeIn: Int32Array
  /** Of a successor that is copied: the stage that computes it, and the last that reads the old content; −1 where it is not. */
  readonly copyStart: Int32Array
  readonly copyEnd: Int32Array
  copyCost = 0
  readonly #model: Model
  readonly #flags: Uint8Array
  readonly #rank: Int32Array
  #stageOfTask: Int32Array = new Int32Array(0)
  readonly #early = new Set<DagTaskId>()
  readonly #stage: Int32Array
  readonly #at = new Map<number, DagTaskId[]>()
  readonly #endingAt = new Map<number, DagValueId[]>()
  /** Stages in which tasks other than updates read a buffer's old content, in order, as touches are. */
  readonly #oldReads: Map<DagValueId, number[]>
  /** Updates that read a value. */
  readonly #readers: readonly (readonly DagTaskId[])[]
  /** Stages in which a task runs that writes successors and is no update, in order. */
  readonly #runs = new Map<DagTaskId, number[]>()
  /** Buffers whose old content a stage reads before and after a change, and those for which something may change. */
  readonly #before: Marked
  readonly #after: Marked
  readonly #affected: Marked
  /** Tasks that read the old content of a buffer or write a new one: a flag a task. */
  readonly #concerned: Uint8Array

  constructor(model: Model, order: readonly DagTaskId[]) {
    this.#model = model
    this.#flags = updatesOf(model)
    this.tasks = order.filter(t => this.#flags[t] === 1)
    this.#rank = new Int32Array(model.cost.length)
    for (const [i, t] of this.tasks.entries()) this.#rank[t] = i
    this.buffers = (model.dag.next ?? []).map(n => n.pinned)
    this.any = this.buffers.length > 0
    this.finals = [...new Set(model.dag.outputs)].filter(v => model.pinned[v] === 0)
    this.madeIn = new Int32Array(model.size.length).fill(-1)
    this.copyStart = new Int32Array(model.size.length).fill(-1)
    this.copyEnd = new Int32Array(model.size.length).fill(-1)
    this.#stage = new Int32Array(model.cost.length).fill(-1)
    this.#before = new Marked(model.size.length)
    this.#after = new Marked(model.size.length)
    this.#affected = new Marked(model.size.length)
    this.#oldReads = new Map(this.buffers.map(p => [p, []]))
    this.#concerned = Uint8Array.from(model.cost, (_, t) =>
      model.reads[t]!.some(v => model.nextOf[v]! >= 0) || model.writes[t]!.some(w => model.bufferOf[w]! >= 0)
        ? 1
        : 0,
    )
    this.#readers = readersOf(model, this.tasks)
  }

  /** `stageOf`: of tasks that are no updates, as it changes. */
  start(stageOf: Int32Array): void {
    this.#stageOfTask = stageOf
  }

  isUpdate(t: DagTaskId): boolean {
    return this.#flags[t] === 1
  }

  early(t: DagTaskId): boolean {
    return this.#early.has(t)
  }

  setEarly(t: DagTaskId, early: boolean): void {
    if (early) this.#early.add(t)
    else this.#early.delete(t)
  }

  earlyOnes(): DagTaskId[] {
    return [...this.#early]
  }

  readersOf(value: DagValueId): readonly DagTaskId[] {
    return this.#readers[value]!
  }

  /** The stage at whose end an update runs; −1 before it is placed. */
  stageOf(t: DagTaskId): number {
    return this.#stage[t]!
  }

  at(stage: number): readonly DagTaskId[] {
    return this.#at.get(stage) ?? none
  }

  /** The stage whose run of the task is its last, the one that makes successors; −1 if there is none yet. */
  lastRun(t: DagTaskId): number {
    return this.#flags[t] === 1 ? this.#stage[t]! : (this.#runs.get(t)?.at(-1) ?? -1)
  }

  place(t: DagTaskId, stage: number): void {
    const from = this.#stage[t]!
    if (from >= 0) {
      const list = this.#at.get(from)!
      list.splice(list.indexOf(t), 1)
      if (list.length === 0) this.#at.delete(from)
    }
    this.#stage[t] = stage
    const list = this.#at.get(stage)
    if (list === undefined) this.#at.set(stage, [t])
    else {
      let i = list.length
      while (i > 0 && this.#rank[list[i - 1]!]! > this.#rank[t]!) i--
      list.splice(i, 0, t)
    }
  }

  /** The stage at whose end an update belongs: when its inputs are there and, unless it is early, the old content has been read. */
  stageFor(t: DagTaskId): number {
    const { reads, writes, producer, bufferOf } = this.#model
    let stage = 0
    for (const v of reads[t]!)
      if (producer[v]! >= 0) stage = Math.max(stage, this.#stageOfTask[producer[v]!]!)
    if (this.#early.has(t)) return stage
    for (const w of writes[t]!) stage = Math.max(stage, this.#oldReads.get(bufferOf[w]!)!.at(-1) ?? 0)
    return stage
  }

  /** Takes note of other runs in a stage; returns the buffers for which something may change. */
  replaceReads(b: number, before: readonly DagTaskId[], runs: readonly DagTaskId[]): readonly DagValueId[] {
    const [old, now, affected] = [this.#before, this.#after, this.#affected]
    affected.clear()
    old.clear()
    now.clear()
    this.#reads(before, old)
    this.#reads(runs, now)
    for (const p of old.list)
      if (!now.has(p)) {
        remove(this.#oldReads.get(p)!, b)
        affected.add(p)
      }
    for (const p of now.list)
      if (!old.has(p)) {
        insert(this.#oldReads.get(p)!, b)
        affected.add(p)
      }
    for (const t of before)
      if (this.#writesSuccessor(t)) {
        remove(this.#runs.get(t)!, b)
        this.#affect(t)
      }
    for (const t of runs)
      if (this.#writesSuccessor(t)) {
        if (!this.#runs.has(t)) this.#runs.set(t, [])
        insert(this.#runs.get(t)!, b)
        this.#affect(t)
      }
    return affected.list.length === 0 ? none : affected.list.slice()
  }

  #affect(t: DagTaskId): void {
    const { writes, bufferOf } = this.#model
    for (const w of writes[t]!) if (bufferOf[w]! >= 0) this.#affected.add(bufferOf[w]!)
  }

  #writesSuccessor(t: DagTaskId): boolean {
    const { writes, bufferOf } = this.#model
    return this.#concerned[t] === 1 && this.#flags[t] === 0 && writes[t]!.some(w => bufferOf[w]! >= 0)
  }

  #reads(runs: readonly DagTaskId[], into: Marked): void {
    const { reads, nextOf } = this.#model
    for (let i = 0; i < runs.length; i++) {
      const t = runs[i]!
      if (this.#concerned[t] === 0 || this.#flags[t] === 1) continue
      const r = reads[t]!
      for (let k = 0; k < r.length; k++) if (nextOf[r[k]!]! >= 0) into.add(r[k]!)
    }
  }

  /**
   * The last stage that reads the old content of `p` if its successor, computed in stage `start`, has to wait for it; −1 if it goes
   * into the buffer at once. `runs`: of that stage.
   */
  copiedUntil(p: DagValueId, start: number, runs: readonly DagTaskId[]): number {
    const { reads, nextOf, producer, inPlace } = this.#model
    let last = this.#oldReads.get(p)!.at(-1) ?? -1
    for (const t of this.#readers[p]!) last = Math.max(last, this.#stage[t]!)
    if (last !== start) return last < start ? -1 : last
    const w = nextOf[p]!
    const t = producer[w]!
    // Behind an update, its stage only has other updates.
    if (this.#flags[t] === 1) {
      const later = (u: DagTaskId): boolean => this.#stage[u] === start && this.#rank[u]! > this.#rank[t]!
      return this.#readers[p]!.some(later) ? last : -1
    }
    for (let i = runs.length - 1; i >= 0; i--) {
      const direct = runs[i] === t
      if (!reads[runs[i]!]!.includes(p)) {
        if (direct) return -1
        continue
      }
      return direct && inPlace[t]!.some(([place, write]) => place === p && write === w) ? -1 : last
    }
    return -1
  }

  setCopy(p: DagValueId, w: DagValueId, start: number, end: number): void {
    const from = this.copyEnd[w]!
    if (from >= 0) {
      const list = this.#endingAt.get(from)!
      list.splice(list.indexOf(w), 1)
      this.copyCost -= this.#model.copyCost[p]!
    }
    this.copyStart[w] = start
    this.copyEnd[w] = end
    if (end < 0) return
    this.copyCost += this.#model.copyCost[p]!
    const list = this.#endingAt.get(end)
    if (list === undefined) this.#endingAt.set(end, [w])
    else list.push(w)
  }

  /** Successors whose old content is read for the last time in a stage, and which are copied then. */
  endingAt(stage: number): readonly DagValueId[] {
    return this.#endingAt.get(stage) ?? none
  }
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
