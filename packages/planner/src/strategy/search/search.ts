import type { Model } from '../../dag/model.ts'
import type { Random } from '../random.ts'
import { large } from '../size.ts'
import type { Drops } from '../timeline/drop-sets.ts'
import type { Saved, Timeline } from '../timeline/timeline.ts'
import { type Candidate, Candidates } from './candidates.ts'

/** Least weight of a move's cost, so that free moves are compared by what they save. */
const epsilon = 1e-9

/** How often a repair that is stuck goes on from something else. */
const mostKicks = 6

/**
 * How many candidates a move is chosen from by trying each, the others being ranked by a guess: the first time, when a search is
 * stuck, and by turns in rounds of destroy and repair, where a guess is often as good and always quicker.
 */
const looks = { first: 24, stuck: 8, rounds: [1, 4] }

/** So few drops are all tried to be taken back after a change; of more, those that the change made. */
const few = 64

/** By how much of the best overhead the next schedule may be worse, by turns. */
const slacks = Array.from({ length: 64 }, (_, i) => (i < 32 ? 0 : (0.04 * (63 - i)) / 32))

/** In large DAGs many candidates are taken at a time, until so many in a row take nothing off. */
const patience = 64

export interface RepairOptions {
  /** Choices vary; and where no drop helps, one that does not, or another place for a task, is tried. */
  readonly random?: Random
  readonly costLimit?: number
  /** How many candidates a move is chosen from. */
  readonly looks?: number
  /** Whether what is computed again is not kept for more than it is needed for: fewer bytes, at a higher cost. */
  readonly lean?: boolean
  readonly stop?: () => boolean
}

/**
 * Searches drops for a schedule in stages: the least recomputation within a target of live bytes. Greedy repair of the
 * peak, removal of what turns out superfluous, and destroy-and-repair.
 */
export class Search {
  readonly model: Model
  readonly timeline: Timeline
  readonly #candidates: Candidates

  constructor(timeline: Timeline) {
    this.model = timeline.model
    this.timeline = timeline
    this.#candidates = new Candidates(timeline)
  }

  get cost(): number {
    return this.timeline.cost
  }

  get peak(): number {
    return this.timeline.peak
  }

  /** Changes made so far. */
  get work(): number {
    return this.timeline.work
  }

  /** Drops values until the peak is at most `target`; whether that was possible. */
  repair(target: number, options: RepairOptions = {}): boolean {
    const { timeline } = this
    const limit = 8 * timeline.order.length + 64
    let kicks = mostKicks
    for (let moves = 0; timeline.peak > target; moves++) {
      if (moves > limit || timeline.cost > (options.costLimit ?? Number.POSITIVE_INFINITY)) return false
      if (options.stop?.() === true) return false
      if (this.#step(target, options)) continue
      if (options.random === undefined || --kicks < 0) return false
      this.#kick(target, options.random, options.lean)
    }
    return true
  }

  /** Takes drops back wherever the target still holds, first where most is run again for them, until `stop`. `drops`: which may be; all unless given. */
  prune(
    target: number,
    drops: Drops = this.timeline.drops(),
    { stop, random }: Pick<RepairOptions, 'stop' | 'random'> = {},
  ): void {
    const { timeline, model } = this
    const list = drops.map(([v, stage]) => {
      const own = model.cost[model.producer[v]!]!
      const price =
        random === undefined
          ? own
          : random.below(2) === 0
            ? (0.2 + random.unit()) * own
            : timeline.price(v, stage)
      return { v, stage, price }
    })
    list.sort((a, b) => b.price - a.price || b.stage - a.stage || a.v - b.v)
    for (const { v, stage } of list) {
      if (stop?.() === true) return
      if (!timeline.has(v, stage) || timeline.tooLarge(v, stage, target)) continue
      const before = timeline.cost
      const one: Drops = [[v, stage]]
      timeline.try(one, false)
      if (timeline.peak > target || timeline.cost > before) timeline.undo()
    }
  }

  /**
   * Takes back some drops, now and then moves a task, and repairs. What costs less is kept, and what costs little more, now and
   * then, for the way may lead through it (record-to-record travel, Dueck 1993). `rounds` times, or until `stop`; ends with the
   * cheapest that was found, and returns whether that is cheaper than at the start.
   */
  improve(target: number, random: Random, rounds: number, stop?: () => boolean): boolean {
    const { timeline, model } = this
    const before = timeline.cost
    let [cost, area] = [timeline.cost, timeline.profile.area]
    let best: { cost: number; area: number; saved: Saved | undefined } = { cost, area, saved: undefined }
    let all = timeline.drops()
    let since = 0
    for (let round = 0; round < rounds && all.length > 0 && stop?.() !== true; round++) {
      // How much worse may do: less and less, then more again.
      const slack = slacks[since++ % slacks.length]! * (best.cost - model.baseCost)
      const limit = Math.max(cost, best.cost + slack)
      timeline.begin()
      timeline.keep(this.#part(all, random))
      if (random.below(3) === 0) this.#shift(random)
      if (random.below(2) === 0) this.#thin(random)
      const tried = looks.rounds[random.below(looks.rounds.length)]!
      const ok = this.repair(target, {
        random,
        costLimit: limit * 1.1 + 1,
        looks: tried,
        ...(stop && { stop }),
      })
      if (ok)
        this.prune(target, all.length < few ? [...all, ...timeline.changes()] : timeline.changes(), {
          ...(stop && { stop }),
          ...(random.below(2) === 0 && { random }),
        })
      const worse = timeline.cost > limit || (timeline.cost === cost && timeline.profile.area > area)
      if (!ok || worse) {
        timeline.rollback()
        continue
      }
      // From the best to what costs more: it has to be found again.
      if (timeline.cost > best.cost && best.saved === undefined) {
        const now = timeline.begun()
        best = { ...best, saved: now }
      }
      timeline.commit()
      ;[cost, area] = [timeline.cost, timeline.profile.area]
      all = timeline.drops()
      // Of equal cost, the one that keeps less alive: what comes next has more room.
      if (cost < best.cost || (cost === best.cost && area <= best.area)) {
        if (cost < best.cost) since = 0
        best = { cost, area, saved: undefined }
      }
    }
    if (best.saved !== undefined) timeline.load(best.saved)
    return timeline.cost < before
  }

  /**
   * Goes on where a repair was stuck: takes back some drops, moves a task, and repairs to a lower peak, as often as it takes.
   * `rounds` times, or until `stop`; whether the peak is at most `target` in the end.
   */
  lower(target: number, random: Random, rounds: number, stop?: () => boolean): boolean {
    const { timeline, model } = this
    for (let round = 0; round < rounds && timeline.peak > target && stop?.() !== true; round++) {
      const [peak, area] = [timeline.peak, timeline.profile.area]
      const goal = Math.max(
        target,
        Math.min(peak - model.align, Math.floor(peak * (1 - 0.02 * random.unit()))),
      )
      timeline.begin()
      const all = timeline.drops()
      const center = random.below(2) === 0 || all.length === 0 ? timeline.profile.peakAt : undefined
      if (all.length > 0) timeline.keep(this.#part(all, random, center))
      if (random.below(2) === 0) this.#shift(random)
      if (random.below(2) === 0) this.#thin(random, true)
      this.repair(goal, { random, lean: true, ...(stop && { stop }) })
      if (timeline.peak > peak || (timeline.peak === peak && timeline.profile.area >= area))
        timeline.rollback()
      else timeline.commit()
    }
    return timeline.peak <= target
  }

  /** Some drops that lie near each other: few more often than many. */
  #part(all: Drops, random: Random, near?: number): Drops {
    const { timeline } = this
    const center = near ?? all[random.below(all.length)]![1]
    if (random.below(4) === 0) {
      const width = 1 + random.below(Math.max(2, Math.min(1000, timeline.order.length >> 1)))
      const share = 0.3 + 0.7 * random.unit()
      return all.filter(([, stage]) => Math.abs(stage - center) <= width && random.unit() <= share)
    }
    const width = 1 << random.below(6)
    const share = 0.2 + 0.8 * random.unit()
    const some = all.filter(([, stage]) => Math.abs(stage - center) <= width && random.unit() <= share)
    // Where much is dropped in each stage, that would still be many.
    const most = 4 << random.below(6)
    return some.length <= most ? some : some.filter(() => random.unit() * some.length <= most)
  }

  save(): Saved {
    return this.timeline.save()
  }

  load(saved: Saved): void {
    this.timeline.load(saved)
  }

  /** What could be absent where the peak is, the best first. */
  *#atPeak(target: number, random?: Random, lean?: boolean): Generator<Candidate, void, undefined> {
    const { timeline } = this
    if (timeline.peak > timeline.profile.peak) return
    const stage = timeline.profile.peakAt
    yield* this.#candidates.best(stage, timeline.localPeakAt(stage), timeline.peak - target, {
      ...(random && { vary: () => 0.5 + random.unit() }),
      ...(lean !== undefined && { lean }),
    })
  }

  /** Drops what is cheap to compute again around some moment, peak or not: then there may be room for what is dear. */
  #thin(random: Random, lean = false): void {
    const { timeline } = this
    const last = timeline.order.length
    const center = random.below(last + 1)
    for (let times = 1 + random.below(3); times > 0; times--) {
      const stage = Math.min(last, Math.max(0, center + random.below(3) - 1))
      const runs = timeline.runs(stage).length
      if (runs === 0) continue
      const all = Number.POSITIVE_INFINITY
      const options = { vary: () => random.unit(), lean }
      const found = this.#candidates.best(stage, random.below(runs), all, options).next().value
      if (found) timeline.drop(found.drops)
    }
  }

  /** A candidate that does not help by itself, or another place for a task. */
  #kick(target: number, random: Random, lean = false): void {
    const found = [...this.#atPeak(target, undefined, lean)]
    if (found.length === 0 || random.below(2) === 0) this.#shift(random)
    else this.timeline.drop(found[random.below(found.length)]!.drops)
  }

  /** Moves a random task to a random place between its inputs and its readers. */
  #shift(random: Random): void {
    const { timeline } = this
    if (timeline.order.length === 0) return
    const from = random.below(timeline.order.length)
    const [first, last] = timeline.range(from, 500)
    timeline.move(from, first + random.below(last - first + 1))
  }

  /** One move: the candidate at the peak that takes most excess off for its cost. False if none takes any. */
  #step(target: number, options: RepairOptions): boolean {
    const { random, lean, looks: count } = options
    const { timeline } = this
    if (timeline.order.length > large && this.#batch(target, options)) return true
    const before = { excess: timeline.excess(target), cost: timeline.cost }
    let best: Candidate | undefined
    let most = 0
    let left = count ?? (random === undefined ? looks.first : looks.stuck)
    for (const candidate of this.#atPeak(target, random, lean)) {
      timeline.try(candidate.drops, true)
      const gain = before.excess - timeline.excess(target)
      const cost = timeline.cost - before.cost
      timeline.undo()
      const noise = random === undefined ? 1 : 0.7 + 0.6 * random.unit()
      const score = (noise * gain) / (Math.max(0, cost) + epsilon)
      if (score > most) [best, most] = [candidate, score]
      if (--left === 0) break
    }
    if (best === undefined) return false
    timeline.drop(best.drops)
    return true
  }

  /**
   * Takes one candidate after the other, the best first, until half of what the peak has too much is gone: so stages come down
   * together, and what one keeps for another still changes. Whether any was taken.
   */
  #batch(target: number, { random, lean, stop }: RepairOptions): boolean {
    const { timeline } = this
    const stage = timeline.profile.peakAt
    const start = timeline.profile.at(stage)
    const goal = target + (start - target) / 2
    do {
      let [now, vain] = [start, 0]
      for (const candidate of this.#atPeak(target, random, lean)) {
        timeline.try(candidate.drops, true)
        const next = timeline.profile.at(stage)
        if (next < now && timeline.peak <= start) [now, vain] = [next, 0]
        else {
          timeline.undo()
          vain++
        }
        if (now <= goal || vain > patience || stop?.() === true) break
      }
      if (now < start) return true
    } while (this.#candidates.forget(stage))
    return false
  }
}
