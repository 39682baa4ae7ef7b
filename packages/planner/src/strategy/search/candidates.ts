import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { Ranking } from '../ranking.ts'
import { readersOf } from '../readers.ts'
import { huge, large } from '../size.ts'
import type { Drops } from '../timeline/drop-sets.ts'
import type { Timeline } from '../timeline/timeline.ts'
import { find } from '../timeline/touches.ts'

/** A way to have some value absent at a moment. */
export interface Candidate {
  readonly drops: Drops
  /** Cost of what is run again, were nothing of it run there already. */
  readonly cost: number
  /** Bytes that it takes off the moment. */
  readonly bytes: number
}

const none: Candidate = { drops: [], cost: 0, bytes: 0 }

/** A value that can be absent, by its number among those; or a way to do it. */
type Turn = {
  readonly k: number
  /** How often the value had been looked at. */
  readonly looked: number
} & (Open | Way)

interface Open {
  /** It costs no less. */
  readonly price: number
  /** Whether to keep its inputs instead is yet to be weighed. */
  readonly fresh: boolean
}

interface Way {
  readonly candidate: Candidate
  /** How many candidates had been taken. */
  readonly taken: number
}

export interface CandidateOptions {
  /** What the worth of each value is multiplied by; 1 unless said. */
  readonly vary?: () => number
  /** Whether all is computed again from what is there at the moment: what is computed in between is not kept for it. */
  readonly lean?: boolean
}

const one = (): number => 1

/** Least weight of a cost, so that free moves are compared by what they save. */
const epsilon = 1e-9

/** Stages for which it is found out together what lives in them, in large DAGs, of what lives in ever more; and how often that is used. */
const widths = [128, 4096]
const renewal = 64

/** How many values are followed to what may be cheaper since a candidate was taken. */
const followed = 64

/** Longest chain of values that one candidate drops, in small DAGs and in large ones. */
const longest = { small: 4096, large: 64 }

/** In huge DAGs, how much of what a value cost when it was last looked at it is taken to cost until it is looked at again. */
const trust = 0.5

/** Finds what could be absent at a moment: values that are alive but unused then and needed by a later stage. */
export class Candidates {
  readonly #model: Model
  readonly #timeline: Timeline
  /** Updates that read a value. */
  readonly #updates: readonly (readonly DagTaskId[])[]
  readonly #first: Int32Array
  readonly #last: Int32Array
  readonly #seen: Int32Array
  readonly #queued: Int32Array
  /** Tasks that read a value. */
  readonly #readers: readonly (readonly DagTaskId[])[]
  /** What is alive but unused, and when and at what price at least it is computed again; in arrays, for there can be much. */
  readonly #open: {
    readonly v: Int32Array
    readonly until: Int32Array
    readonly bytes: Float64Array
    readonly price: Float64Array
    readonly factor: Float64Array
    readonly looked: Int32Array
  }
  /** Number of a value among those. */
  readonly #number: Int32Array
  readonly #ranking: Ranking
  readonly #longest: number
  /** What may be dropped at all. */
  readonly #values: readonly DagValueId[]
  /** What may live in a block of stages, by its first stage; for each width. */
  readonly #blocks = widths.map(
    () => new Map<number, { readonly values: readonly DagValueId[]; uses: number }>(),
  )
  #epoch = 0
  #lean = false
  /** What a value cost at least when that was last looked at, in huge DAGs: where thousands are alive, not all are looked at each time. */
  readonly #paid: Float64Array
  readonly #huge: boolean

  constructor(timeline: Timeline) {
    const { model } = timeline
    this.#model = model
    this.#timeline = timeline
    this.#updates = readersOf(model, timeline.updates.tasks)
    this.#readers = readersOf(model, model.needed)
    this.#first = new Int32Array(model.size.length)
    this.#last = new Int32Array(model.size.length)
    this.#seen = new Int32Array(model.size.length)
    this.#queued = new Int32Array(model.cost.length)
    const values = model.size.length
    this.#open = {
      v: new Int32Array(values),
      until: new Int32Array(values),
      bytes: new Float64Array(values),
      price: new Float64Array(values),
      factor: new Float64Array(values),
      looked: new Int32Array(values),
    }
    this.#number = new Int32Array(values)
    this.#paid = new Float64Array(values)
    this.#huge = timeline.order.length >= huge
    this.#ranking = new Ranking(values)
    this.#values = model.dag.values.flatMap((_, v) =>
      model.size[v]! > 0 && timeline.droppable(v) ? [v] : [],
    )
    this.#longest = timeline.order.length < large ? longest.small : longest.large
  }

  /**
   * At the `index`th run of a stage, of which `over` bytes are too many: the most of these for the cost first. What a candidate
   * costs is only looked at when its turn may have come, and again when others have been taken since, which may share with it what
   * is computed again. One at a time: the next call ends the last.
   */
  *best(
    stage: number,
    index: number,
    over: number,
    { vary = one, lean = false }: CandidateOptions = {},
  ): Generator<Candidate, void, undefined> {
    const { size } = this.#model
    this.#lean = lean
    this.#look(stage)
    const [ranking, open, number] = [this.#ranking, this.#open, this.#number]
    ranking.clear()
    const rank = (k: number, bytes: number, price: number): void =>
      ranking.push((open.factor[k]! * Math.min(bytes, over)) / (price + epsilon))
    let count = 0
    for (const v of this.#live(stage)) {
      open.v[count] = v
      if (!this.#absent(count, stage, index)) continue
      number[v] = count
      open.factor[count] = vary()
      open.looked[count] = 0
      rank(count, open.bytes[count]!, Math.max(open.price[count]!, trust * this.#paid[v]!))
      count++
    }
    // What comes of those, numbered after them.
    const more: Turn[] = []
    const again = (k: number): void => {
      if (!this.#absent(k, stage, index)) return
      open.looked[k]!++
      more.push(this.#opened(k))
      rank(k, open.bytes[k]!, open.price[k]!)
    }
    let taken = 0
    for (let n = ranking.pop(); n >= 0; n = ranking.pop()) {
      const turn = n < count ? this.#opened(n) : more[n - count]!
      const { k, looked } = turn
      if (looked < open.looked[k]!) continue
      if ('candidate' in turn) {
        if (turn.taken < taken) {
          again(k)
          continue
        }
        const { candidate } = turn
        yield candidate
        if (!this.#timeline.has(...candidate.drops[0]!)) continue
        taken++
        for (const v of this.#cheaper(candidate.drops, stage, index))
          if (number[v]! < count && open.v[number[v]!] === v) again(number[v]!)
        continue
      }
      // What it costs matters as long as it may come before the rest.
      const bytes = Math.min(size[open.v[k]!]!, over)
      const rest = Math.max(0, ranking.most) / open.factor[k]!
      const limit = 2 * Math.max(turn.price, bytes / (rest + epsilon))
      const { ways, price } = this.#ways(k, turn.fresh, stage, index, limit)
      if (this.#huge) {
        const prices = ways.map(w => (w.cost * bytes) / Math.min(w.bytes, over))
        if (price !== undefined) prices.push(price)
        this.#paid[open.v[k]!] = prices.length > 0 ? Math.min(...prices) : 0
      }
      for (const candidate of ways) {
        more.push({ k, looked, candidate, taken })
        rank(k, candidate.bytes, candidate.cost)
      }
      if (price === undefined) continue
      more.push({ ...turn, price, fresh: false })
      rank(k, bytes, price)
    }
  }

  #opened(k: number): Turn {
    return { k, looked: this.#open.looked[k]!, price: this.#open.price[k]!, fresh: true }
  }

  /** Looks at a value, by its number: whether it is alive but unused at a moment, until when, and how many bytes that are. */
  #absent(k: number, stage: number, index: number): boolean {
    const { cost, producer, size } = this.#model
    const open = this.#open
    const v = open.v[k]!
    const until = this.#livesUntil(v, stage, index)
    if (until < 0) return false
    const bytes = size[v]! - this.#runEarly(v, stage).bytes
    if (bytes <= 0) return false
    open.until[k] = until
    open.bytes[k] = bytes
    open.price[k] = this.#timeline.runs(until).includes(producer[v]!) ? 0 : cost[producer[v]!]!
    return true
  }

  /** What comes, by way of values that are not there, from those that are now computed again: to do so for it, too, may be cheaper. */
  #cheaper(drops: Drops, stage: number, index: number): DagValueId[] {
    const { writes } = this.#model
    const epoch = ++this.#epoch
    const found: DagValueId[] = []
    const list = drops.map(([v]) => v)
    for (let i = 0; i < list.length && i < followed; i++)
      for (const t of this.#readers[list[i]!]!) {
        if (this.#timeline.stageOf[t]! > stage) continue
        for (const w of writes[t]!) {
          if (this.#seen[w] === epoch) continue
          this.#seen[w] = epoch
          if (this.#livesAt(w, stage, index)) found.push(w)
          else list.push(w)
        }
      }
    return found
  }

  /** Values that may be alive in a stage: all that are, but for some that came to it lately. */
  #live(stage: number): readonly DagValueId[] {
    return this.#timeline.order.length < large ? this.#values : this.#within(stage, 0)
  }

  /** Values that may be alive in the block of stages around `stage`, of that level's width. */
  #within(stage: number, level: number): readonly DagValueId[] {
    const width = widths[level]
    if (width === undefined) return this.#values
    const from = stage - (stage % width)
    const known = this.#blocks[level]!.get(from)
    if (known !== undefined && known.uses-- > 0) return known.values
    const { touches } = this.#timeline
    const values = this.#within(stage, level + 1).filter(v => touches.livesWithin(v, from, from + width - 1))
    this.#blocks[level]!.set(from, { values, uses: renewal })
    return values
  }

  /** Forgets which values may be alive in a stage; whether that was anything but new. */
  forget(stage: number): boolean {
    let old = false
    for (const [level, width] of widths.entries()) {
      const from = stage - (stage % width)
      const known = this.#blocks[level]!.get(from)
      if (known !== undefined && known.uses < renewal) old = true
      this.#blocks[level]!.delete(from)
    }
    return old
  }

  /** When the runs of the stage first and last touch a value. */
  #look(stage: number): void {
    const { reads, writes } = this.#model
    const runs = this.#timeline.runs(stage)
    for (let i = runs.length - 1; i >= 0; i--) {
      for (const v of reads[runs[i]!]!) this.#first[v] = i
      for (const v of writes[runs[i]!]!) this.#first[v] = i
    }
    for (let i = 0; i < runs.length; i++) {
      for (const v of reads[runs[i]!]!) this.#last[v] = i
      for (const v of writes[runs[i]!]!) this.#last[v] = i
    }
  }

  /** The next stage that touches a value which is alive but unused at a moment, if it must be there by then; else −1. */
  #livesUntil(v: DagValueId, stage: number, index: number): number {
    const list = this.#timeline.touches.of(v)
    let i = find(list, stage)
    if (i >= list.length) return -1
    if (list[i]! >> 1 === stage) {
      if (this.#last[v]! >= index) return -1
      if ((list[i]! & 1) === 0 && this.#first[v]! >= index) return -1
      i++
      if (i >= list.length) return -1
    }
    return (list[i]! & 1) === 1 && i > 0 ? list[i]! >> 1 : -1
  }

  /** Ways to have a value absent at a moment; and what it costs at least to compute its inputs again, too, if more than `limit`. */
  #ways(
    k: number,
    fresh: boolean,
    stage: number,
    index: number,
    limit: number,
  ): { ways: Candidate[]; price?: number } {
    const { size, cost, producer } = this.#model
    const timeline = this.#timeline
    const [v, until] = [this.#open.v[k]!, this.#open.until[k]!]
    const early = this.#runEarly(v, stage)
    const bytes = size[v]! - early.bytes
    let next = until
    // Only updates read it from here on.
    if (!this.#readBy(v, until)) {
      next = this.#nextRead(v, until)
      if (next < 0) return { ways: early.drops.length > 0 ? [{ ...early, bytes }] : [] }
    }
    const closure = this.#closure(v, next, stage, index, limit - early.cost)
    const ways: Candidate[] = []
    if (fresh && closure.drops.length > 1 && bytes > closure.kept)
      ways.push({
        drops: [...early.drops, [v, next]],
        cost: early.cost + (timeline.runs(next).includes(producer[v]!) ? 0 : cost[producer[v]!]!),
        bytes: bytes - closure.kept,
      })
    const price = early.cost + closure.cost
    if (closure.cut) return { ways, price }
    ways.push({ drops: [...early.drops, ...closure.drops], cost: price, bytes })
    return { ways }
  }

  /** Whether a stage reads a value other than by updates. */
  #readBy(v: DagValueId, stage: number): boolean {
    if (this.#updates[v]!.length === 0) return true
    const { reads } = this.#model
    const { order, updates } = this.#timeline
    if (stage === order.length && updates.finals.includes(v)) return true
    return this.#timeline.runs(stage).some(t => !updates.isUpdate(t) && reads[t]!.includes(v))
  }

  /** The next stage after `stage` that reads a value other than by updates; −1. */
  #nextRead(v: DagValueId, stage: number): number {
    const list = this.#timeline.touches.of(v)
    for (let i = find(list, stage) + 1; i < list.length; i++) {
      if ((list[i]! & 1) === 0) return -1
      if (this.#readBy(v, list[i]! >> 1)) return list[i]! >> 1
    }
    return -1
  }

  /** What it takes that updates which read `v` after `stage` run as soon as they can. */
  #runEarly(v: DagValueId, stage: number): Candidate {
    const updates = this.#updates[v]!
    if (updates.length === 0) return none
    const { writes, size, bufferOf, copyCost } = this.#model
    const timeline = this.#timeline
    const drops: [number, number][] = []
    let [cost, bytes] = [0, 0]
    for (const t of updates) {
      if (timeline.updates.early(t) || timeline.updates.stageOf(t) <= stage) continue
      drops.push([writes[t]![0]!, -1])
      for (const w of writes[t]!) {
        cost += copyCost[bufferOf[w]!]!
        bytes += size[w]!
      }
    }
    return { drops, cost, bytes }
  }

  /**
   * Drops that make v at stage b from what is alive at stage `here` or computed until then, and the bytes that keeping its inputs instead
   * would take. Cut off when it costs more than `limit`.
   */
  #closure(
    v: DagValueId,
    b: number,
    here: number,
    index: number,
    limit: number,
  ): { drops: Drops; cost: number; kept: number; cut: boolean } {
    const { producer, reads, pinned, size, cost: costs } = this.#model
    const timeline = this.#timeline
    const [seen, queued] = [this.#seen, this.#queued]
    const epoch = ++this.#epoch
    const drops: [number, number][] = [[v, b]]
    seen[v] = epoch
    let [cost, kept] = [0, 0]
    for (let i = 0; i < drops.length && drops.length < this.#longest; i++) {
      const t = producer[drops[i]![0]]!
      if (queued[t] === epoch) continue
      queued[t] = epoch
      cost += costs[t]!
      if (cost > limit && i > 0) return { drops, cost, kept, cut: true }
      for (const u of reads[t]!) {
        if (seen[u] === epoch || pinned[u] === 1) continue
        seen[u] = epoch
        // Computed in between, for the first time or again, it can be kept from then on.
        if (!this.#lean && timeline.touches.after(u, here) <= b) continue
        if (this.#livesAt(u, here, index)) continue
        if (i === 0) kept += size[u]!
        if (timeline.droppable(u)) drops.push([u, b])
      }
    }
    return { drops, cost, kept, cut: false }
  }

  /** Whether a value is alive at a moment. */
  #livesAt(v: DagValueId, stage: number, index: number): boolean {
    const list = this.#timeline.touches.of(v)
    const i = find(list, stage)
    if (i >= list.length) return false
    if (list[i]! >> 1 !== stage) return (list[i]! & 1) === 1 && i > 0
    if ((list[i]! & 1) === 0 && this.#first[v]! > index) return false
    return this.#last[v]! >= index || (i + 1 < list.length && (list[i + 1]! & 1) === 1)
  }
}
