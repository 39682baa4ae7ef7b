import { interiorOf } from '../dag/checkpoints.ts'
import type { Dag, DagCheckpoint, DagChoice, DagNext, DagTask, DagValue } from '../dag/dag.ts'
import { Random } from '../strategy/random.ts'

export interface RandomDagOptions {
  /** Tasks, at most; alternatives of a choice and updates come on top. */
  readonly tasks: number
  /** Largest value, in bytes, before alignment; 24 unless said. */
  readonly bytes?: number
  /** Only what the shorthand can say: one result a task, pinned values, whole costs. */
  readonly plain?: boolean
  /** With regions of which only the results are kept. */
  readonly checkpoints?: boolean
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A DAG that uses everything the format has, in odd combinations; the same for the same seed. Always feasible. */
export function randomDag(seed: number, options: RandomDagOptions): Dag {
  return new Grower(new Random(seed), options).grow()
}

class Grower {
  readonly #random: Random
  readonly #options: RandomDagOptions
  readonly #largest: number
  readonly #values: Mutable<DagValue>[] = []
  readonly #tasks: Mutable<DagTask>[] = []
  readonly #next: DagNext[] = []
  readonly #choices: DagChoice[] = []
  /** Pinned values that have a successor. */
  readonly #changed = new Set<number>()
  readonly #read = new Set<number>()
  readonly #align: number

  constructor(random: Random, options: RandomDagOptions) {
    this.#random = random
    this.#options = options
    this.#largest = options.bytes ?? 24
    this.#align = options.plain === true ? 1 : [1, 1, 16, 64][random.below(4)]!
  }

  grow(): Dag {
    const plain = this.#options.plain === true
    const pinned = this.#random.below(4)
    for (let i = 0; i < pinned; i++) this.#values.push({ bytes: this.#bytes(), pinned: true })
    if (!plain)
      for (let i = this.#random.below(3); i > 0; i--) this.#values.push({ bytes: this.#bytes(), input: true })
    const count = 1 + this.#random.below(this.#options.tasks)
    const mirrored = this.#chance(60)
    for (let i = 0; i < count; i++) {
      // As a backward pass does: what was computed first is read last.
      const far = mirrored && 2 * i > count ? this.#tasks[count - 1 - i]!.writes[0]! : undefined
      this.#task(far)
      if (!plain && this.#chance(12)) this.#alternative()
    }
    if (!plain)
      for (let p = 0; p < pinned; p++) if (!this.#changed.has(p) && this.#chance(50)) this.#update(p)
    return this.#finish()
  }

  #task(far: number | undefined): void {
    const plain = this.#options.plain === true
    const reads =
      far === undefined
        ? this.#someValues(this.#random.below(4))
        : [...new Set([far, this.#tasks.at(-1)!.writes[0]!, ...this.#someValues(this.#random.below(2))])]
    const writes: number[] = []
    for (let i = plain || this.#chance(75) ? 1 : 2; i > 0; i--) writes.push(this.#result(reads))
    for (const v of reads) this.#read.add(v)
    const inPlace = plain ? [] : this.#pairs(reads, writes, 40)
    this.#tasks.push({ cost: this.#random.below(10), reads, writes, ...this.#extras(inPlace) })
  }

  #extras(inPlace: [number, number][]): Partial<DagTask> {
    if (this.#options.plain === true) return {}
    return {
      ...(this.#chance(20) && { workspace: this.#bytes() }),
      ...(inPlace.length > 0 && { inPlace }),
      ...(this.#chance(8) && { once: true }),
    }
  }

  /** A result: now and then as large as something it may replace, or the successor of a pinned value, read or not. */
  #result(reads: readonly number[]): number {
    const v = this.#values.length
    const open = this.#values.flatMap((p, i) => (p.pinned === true && !this.#changed.has(i) ? [i] : []))
    if (this.#options.plain !== true && open.length > 0 && this.#chance(12)) {
      const p = open[this.#random.below(open.length)]!
      this.#values.push({ bytes: this.#values[p]!.bytes })
      this.#succeed(p, v)
      return v
    }
    const like = this.#chance(50) ? reads[0] : undefined
    this.#values.push({ bytes: like === undefined ? this.#bytes() : this.#values[like]!.bytes })
    return v
  }

  #succeed(p: number, v: number): void {
    this.#changed.add(p)
    this.#next.push({ pinned: p, value: v, copyCost: this.#random.below(6) })
  }

  /** A task that only computes the successor of a pinned value, as an optimizer does. */
  #update(p: number): void {
    const reads = this.#someValues(1 + this.#random.below(2)).filter(v => v !== p)
    if (this.#chance(80)) reads.push(p)
    const v = this.#values.length
    this.#values.push({ bytes: this.#values[p]!.bytes })
    this.#succeed(p, v)
    for (const r of reads) this.#read.add(r)
    const inPlace = this.#pairs(reads, [v], 80)
    this.#tasks.push({ cost: this.#random.below(10), reads, writes: [v], ...this.#extras(inPlace) })
  }

  /** A second way to compute the last task's results, from other values. */
  #alternative(): void {
    const t = this.#tasks.length - 1
    const { writes } = this.#tasks[t]!
    const before = this.#someValues(2).filter(v => v < Math.min(...writes))
    const inPlace = this.#pairs(before, writes, 30)
    this.#tasks.push({ cost: this.#random.below(10), reads: before, writes, ...this.#extras(inPlace) })
    const options = [{ off: [t] }, { off: [t + 1] }]
    if (this.#chance(50)) options.reverse()
    this.#choices.push({ name: `way ${this.#choices.length}`, options })
  }

  #pairs(reads: readonly number[], writes: readonly number[], percent: number): [number, number][] {
    const pairs: [number, number][] = []
    for (const r of reads)
      for (const w of writes)
        if (this.#values[w]!.bytes <= this.#values[r]!.bytes && this.#chance(percent)) pairs.push([r, w])
    return pairs
  }

  /** Distinct values, the late ones more often; a task has no inputs if there are no values yet. */
  #someValues(count: number): number[] {
    const found = new Set<number>()
    const all = this.#values.length
    for (let i = 0; i < count && all > 0; i++) {
      const back = Math.min(this.#random.below(all), this.#random.below(all))
      found.add(all - 1 - back)
    }
    return [...found]
  }

  #finish(): Dag {
    const may = (v: number): boolean => !this.#changed.has(v)
    const unread = this.#values.flatMap((_, v) => (!this.#read.has(v) && may(v) ? [v] : []))
    const outputs = unread.filter(() => this.#chance(60))
    for (let v = 0; v < this.#values.length; v++)
      if (may(v) && !outputs.includes(v) && this.#chance(6)) outputs.push(v)
    const last = this.#tasks.at(-1)!.writes[0]!
    if (outputs.length === 0) outputs.push(last)
    const checkpoints = this.#options.checkpoints === true ? this.#checkpoints(outputs) : []
    return {
      values: this.#values,
      tasks: this.#tasks,
      ...(checkpoints.length > 0 && { checkpoints }),
      ...(this.#next.length > 0 && { next: this.#next }),
      ...(this.#choices.length > 0 && { choices: this.#choices }),
      outputs,
      ...(this.#align > 1 && { align: this.#align }),
    }
  }

  /** A few runs of neighbouring tasks, apart or one within the other, each keeping what it must and some more. */
  #checkpoints(outputs: readonly number[]): DagCheckpoint[] {
    const found: DagCheckpoint[] = []
    for (let i = this.#random.below(4); i > 0; i--) {
      const from = this.#random.below(this.#tasks.length)
      const to = Math.min(this.#tasks.length, from + 1 + this.#random.below(6))
      const tasks = Array.from({ length: to - from }, (_, k) => from + k)
      const overlaps = (c: DagCheckpoint): boolean => {
        const [first, end] = [c.tasks[0]!, c.tasks[0]! + c.tasks.length]
        return first < to && from < end && !(first <= from && to <= end) && !(from <= first && end <= to)
      }
      if (found.some(overlaps)) continue
      const once = new Set(
        tasks.filter(t => this.#tasks[t]!.once === true).flatMap(t => this.#tasks[t]!.writes),
      )
      const lasting = (v: number): boolean => outputs.includes(v) || this.#next.some(n => n.value === v)
      const all = interiorOf({ values: this.#values, tasks: this.#tasks, outputs }, { tasks, keeps: [] })
      found.push({ tasks, keeps: all.filter(v => lasting(v) || once.has(v) || this.#chance(30)) })
    }
    // What a region keeps, those within it keep, too.
    const outerFirst = found.sort((a, b) => b.tasks.length - a.tasks.length)
    const nested: DagCheckpoint[] = []
    for (const { tasks, keeps } of outerFirst) {
      const writes = tasks.flatMap(t => this.#tasks[t]!.writes)
      const outer = nested.filter(c => c.tasks.includes(tasks[0]!)).flatMap(c => c.keeps)
      nested.push({ tasks, keeps: [...new Set([...keeps, ...outer.filter(v => writes.includes(v))])] })
    }
    return nested
  }

  #bytes(): number {
    return this.#chance(6) ? 0 : 1 + this.#random.below(this.#largest)
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent
  }
}
