import { lowerBound } from '../bound/lower-bound.ts'
import { minimumBudgetBound } from '../bound/minimum-budget.ts'
import type { Dag, Plan } from '../dag/dag.ts'
import { type Model, modelOf } from '../dag/model.ts'
import { InfeasibleBudgetError } from '../errors.ts'
import { halvesAt } from '../strategy/bottleneck.ts'
import { chainOf } from '../strategy/chain/recognize.ts'
import { descend } from '../strategy/descend.ts'
import { Random } from '../strategy/random.ts'
import { Search } from '../strategy/search/search.ts'
import { huge, large } from '../strategy/size.ts'
import { fromSequence } from '../strategy/timeline/from-sequence.ts'
import { profile, verify } from '../verify/verify.ts'
import { cheapestOf, modelsOf } from './cheapest.ts'
import { choose } from './choose.ts'
import { type Finished, finish } from './finish.ts'
import { makeRoom } from './make-room.ts'
import { smallestPlan } from './minimum-budget.ts'
import type { PlanOptions } from './plan.ts'
import { runsOf } from './runs.ts'
import { waysFor } from './ways.ts'

/** DAGs of at most so many tasks are planned by looking at all schedules, if there are not too many states. */
const small = { tasks: 20, withLayout: 12, states: 20_000 }
/** Most work: in runs on the way down to a target; in what bounds look at, where there is a time limit and where there is none. */
const work = { target: 2e6, least: 2e6, bound: { most: 4e7, second: 3e6, rounds: 1.5e6 } }
const rounds = 200
/** How often a DAG is cut at bottlenecks. */
const deepest = 3
/** How often room is made where layouts do not fit, before all live bytes have to become fewer. */
const layouts = 10
/** How often searches are begun anew, of so many rounds each, in at most that share of the time. */
const fresh = { times: 16, rounds: 30, share: 0.3 }
/** Milliseconds. */
const grace = 3000
/** Up to how many times the target the way down may end for the search to go on there. */
const near = 1.05
/** Share of the time left that one way to a plan may take: as long as there is none, and after that. */
const patience = { first: 0.5, more: 0.2 }

export interface PlanningOptions extends PlanOptions {
  /** A plan within the budget to begin with. */
  readonly start?: Plan
  /** The option of each choice, where that is not to be chosen. */
  readonly choice?: readonly number[]
  /** Of a part of a DAG, how often that was cut: without a plan the search ends with none. */
  readonly depth?: number
}

/** One search for plans of a DAG within a budget. */
export class Planning {
  readonly #dag: Dag
  readonly #options: PlanningOptions
  readonly #model: Model
  readonly #random: Random
  readonly #deadline: number
  /** The first plan of such a DAG is written down before what is superfluous in it is looked for. */
  readonly #huge: boolean
  /** Below this there is no schedule. */
  readonly #least: number
  /** No schedule within the budget costs less. */
  #bound: number
  /** Whether a better bound than the base cost has been looked for. */
  #bounded = false
  /** Live bytes that schedules are searched for: the budget, or less where layouts leave gaps. */
  #target: number
  #best: Plan | undefined
  /** Milliseconds that it takes to write a plan down. */
  #writing = 0

  constructor(dag: Dag, options: PlanningOptions) {
    this.#dag = dag
    this.#options = options
    // A plan to begin with has picked its options.
    const { start, choice, budget, seed } = options
    this.#model = modelOf(dag, start?.choice ?? choice ?? choose(dag, budget, seed))
    this.#huge = this.#model.needed.length >= huge
    this.#random = new Random(options.seed ?? 1)
    this.#deadline =
      options.timeLimit === undefined
        ? Number.POSITIVE_INFINITY
        : performance.now() + 1000 * options.timeLimit
    this.#target = options.budget
    this.#least = minimumBudgetBound(this.#model, { arena: true, work: work.least })
    this.#bound = this.#model.baseCost
  }

  *steps(): Generator<Plan, void, undefined> {
    let said: Plan | undefined
    for (const _ of this.#search()) {
      if (this.#best === said || this.#best === undefined) continue
      said = this.#best
      yield said
    }
    // What is known of the bound in the end goes with the last plan.
    const last = this.#best
    if (last !== undefined && this.#bound > last.lowerBound)
      yield { ...last, lowerBound: Math.min(this.#bound, last.cost) }
  }

  /** Searches, with a pause wherever there may be a better plan. */
  *#search(): Generator<void, void, undefined> {
    if (this.#exactly()) {
      yield
      return
    }
    const { start } = this.#options
    const searches: Search[] = []
    let lowest: Search | undefined
    if (start !== undefined && start.arenaBytes <= this.#options.budget) searches.push(this.#from(start))
    if (searches.length > 0 && !this.#optimal()) this.#raiseBound()
    const ways = waysFor(this.#model, {
      target: () => this.#target,
      found: () => searches.length > 0,
      late: () => this.#late(),
      patiently: share => this.#patiently(share),
    })
    for (const { begin, share } of ways) {
      if (this.#optimal() || (searches.length > 0 && this.#late())) break
      const search = begin()
      if (!this.#reach(search, share)) {
        if (lowest === undefined || search.peak < lowest.peak) lowest = search
        continue
      }
      searches.push(search)
      yield
      if (this.#huge) {
        search.prune(this.#target, undefined, { stop: () => this.#late() })
        this.#offer(search)
        yield
      }
      if (searches.length === 1 && !this.#optimal()) this.#raiseBound()
    }
    if (searches.length === 0 && lowest !== undefined && this.#lowered(lowest)) {
      searches.push(lowest)
      yield
    }
    if (start === undefined && !this.#optimal()) yield* this.#halves(searches.length === 0)
    if (searches.length === 0) {
      if (this.#best !== undefined || this.#options.depth !== undefined) return
      const search = this.#smallest(lowest)
      yield
      if (search === undefined) return
      searches.push(search)
    }
    yield* this.#improve(searches)
    if (!this.#bounded) this.#raiseBound()
  }

  /** Where next to nothing can live beside some task, plans what comes before and after it apart. `alone`: there is nothing else. */
  *#halves(alone: boolean): Generator<void, void, undefined> {
    const model = this.#model
    const { timeLimit, iterations, seed, depth = 0 } = this.#options
    if (model.needed.length >= large && this.#late()) return
    const cut = depth < deepest && chainOf(model) === undefined
    const halves = cut ? halvesAt(model, this.#target) : undefined
    if (halves === undefined) return
    const timed = iterations === undefined && timeLimit !== undefined
    const options = (share: number): PlanningOptions => ({
      budget: this.#target,
      choice: model.choice,
      depth: depth + 1,
      ...(seed !== undefined && { seed }),
      ...(timeLimit !== undefined && {
        timeLimit: Math.max(0, (share * (this.#deadline - performance.now())) / 1000),
      }),
      ...(!timed && { iterations: Math.ceil(share * (iterations ?? rounds)) }),
    })
    let before: Int32Array | undefined
    for (const plan of new Planning(halves.first, options(0.1)).steps()) before = runsOf(plan)
    if (before === undefined) return
    for (const plan of new Planning(halves.second, options(alone ? 1 : 0.6)).steps()) {
      const sequence = halves.join(before, runsOf(plan))
      this.#take(this.#write(sequence).plan)
      yield
    }
  }

  /** Whether no plan can be better. */
  #optimal(): boolean {
    return this.#best !== undefined && this.#best.cost <= this.#bound
  }

  /** Looks for a better bound than the base cost, as long as that is worth while. */
  #raiseBound(): void {
    const { layout, timeLimit, iterations, depth } = this.#options
    // The bound of a part says nothing of the whole.
    if (depth !== undefined) return
    this.#bounded = true
    const timed = iterations === undefined && timeLimit !== undefined
    const effort = timed ? Math.min(work.bound.most, work.bound.second * timeLimit) : work.bound.rounds
    const { bound } = lowerBound(this.#model, this.#options.budget, { arena: layout === true, work: effort })
    if (Number.isFinite(bound)) this.#bound = bound
  }

  /** A search from the plan that was given. */
  #from(start: Plan): Search {
    this.#best = start
    const search = new Search(fromSequence(this.#model, runsOf(start)))
    this.#target = Math.max(search.peak, this.#least)
    return search
  }

  /** Whether the time is up, but for writing a plan down. */
  #late(): boolean {
    return performance.now() > this.#deadline - 1.5 * this.#writing
  }

  /** Small DAGs: the cheapest of all schedules, with any options. Whether there is one. */
  #exactly(): boolean {
    const { start, layout } = this.#options
    const most = layout === true ? small.withLayout : small.tasks
    if (start !== undefined || this.#model.needed.length > most) return false
    const models = modelsOf(this.#dag, this.#options.choice)
    if (models === undefined) return false
    const { budget } = this.#options
    for (let target = budget; ; ) {
      const best = cheapestOf(models, target, small.states)
      if (best === undefined || best === 'limit') return false
      const { plan } = this.#write(best.sequence, best.model)
      if (this.#take(plan)) return true
      // The layout leaves gaps: ask for fewer live bytes.
      target = Math.min(target - this.#model.align, Math.floor(target - (plan.arenaBytes - budget)))
    }
  }

  /** Whether it is time to try something else: some time is left for other ways. */
  #patiently(share = this.#best === undefined ? patience.first : patience.more): () => boolean {
    const now = performance.now()
    const end = now + share * (this.#deadline - now)
    return () => performance.now() > end || this.#late()
  }

  /** Sends a search down to where its plan fits; whether it gets there. */
  #reach(search: Search, share?: number): boolean {
    const least = this.#least
    const stop = this.#patiently(share)
    const { align } = this.#model
    let [made, over] = [0, 0]
    for (let target = this.#target; target >= least; ) {
      const there = descend(search, target, this.#random, { work: work.target, stop, hasty: this.#huge })
      if (there) {
        const written = this.#write(search.timeline.sequence())
        if (this.#take(written.plan)) {
          this.#target = target
          return true
        }
        over = written.plan.arenaBytes - this.#options.budget
        if (made++ < layouts) {
          makeRoom(search, written, this.#options.budget, target)
          continue
        }
      } else if (made === 0 || made > layouts) return false
      search.timeline.release()
      made = layouts + 1
      target = Math.min(target - align, Math.floor(Math.min(target, search.peak) - over))
    }
    return false
  }

  /** Goes on where the way down ended, in DAGs of moderate size, if that is near; whether it leads to a plan. */
  #lowered(search: Search): boolean {
    if (this.#model.needed.length >= large || search.peak > near * this.#target) return false
    return search.lower(this.#target, this.#random, rounds, this.#patiently()) && this.#reach(search)
  }

  /** In DAGs of moderate size, begins each search several times and goes on with the best: where it gets stuck is a matter of chance. */
  *#begin(searches: readonly Search[]): Generator<void, void, undefined> {
    if (this.#model.needed.length >= large) return
    const stop = (): boolean => this.#late()
    const share = fresh.share / searches.length
    for (const search of searches) {
      const now = performance.now()
      const end = now + share * (this.#deadline - now)
      const start = search.save()
      let best = { cost: search.cost, saved: start }
      for (let times = 0; times < fresh.times && performance.now() < end; times++) {
        if (times > 0) search.load(start)
        search.improve(this.#target, this.#random, fresh.rounds, stop)
        if (search.cost < best.cost) best = { cost: search.cost, saved: search.save() }
      }
      search.load(best.saved)
      this.#offer(search)
      yield
      if (this.#optimal()) return
    }
  }

  /** Takes what a search has found, if that is cheaper; where its layout does not fit, makes room and goes down again. */
  #offer(search: Search): void {
    if (search.cost >= this.#best!.cost) return
    const written = this.#write(search.timeline.sequence())
    if (this.#take(written.plan)) return
    makeRoom(search, written, this.#options.budget, this.#target)
    descend(search, this.#target, this.#random, { work: work.target, stop: () => this.#late() })
  }

  /** Improves searches by turns, ever fewer of them, the cheapest longest. */
  *#improve(searches: Search[]): Generator<void, void, undefined> {
    const { iterations, timeLimit } = this.#options
    const timed = iterations === undefined && timeLimit !== undefined
    let left = iterations ?? rounds
    if (timed) yield* this.#begin(searches)
    let open = [...searches].sort((a, b) => a.cost - b.cost)
    while ((timed || left > 0) && !this.#late() && !this.#optimal()) {
      // Half of what is left goes to this turn.
      const share = 0.5 / open.length
      const turn = timed ? Number.POSITIVE_INFINITY : Math.ceil(left * share)
      const time = Math.max(20, (this.#deadline - performance.now()) * share)
      for (const search of open) {
        const end = performance.now() + time
        const stop = (): boolean => performance.now() > end || this.#late()
        const gained = search.improve(this.#target, this.#random, turn, stop)
        if (!timed) left -= turn
        if (gained) this.#offer(search)
        yield
        if (left <= 0 || this.#late() || this.#optimal()) return
      }
      open.sort((a, b) => a.cost - b.cost)
      open = open.slice(0, Math.max(1, open.length >> 1))
      if (open[0]!.cost === this.#model.baseCost) return
    }
  }

  #write(sequence: Int32Array, model: Model = this.#model): Finished {
    const start = performance.now()
    const { layout, fixed, seed } = this.#options
    const finished = finish(model, sequence, layout === true ? (fixed ?? []) : undefined, seed ?? 1)
    this.#writing = performance.now() - start
    return finished
  }

  /** Keeps a plan if it fits and costs less than what there is; whether it fits. */
  #take(plan: Plan): boolean {
    const { budget, fixed } = this.#options
    if (plan.arenaBytes > budget) return false
    if (this.#best !== undefined && plan.cost >= this.#best.cost) return true
    verify(this.#dag, plan, { budget, ...(fixed && { fixed }) })
    this.#best = plan
    return true
  }

  /**
   * The plan of fewest bytes that is found, if it fits, or what it leads to. But for large DAGs within a time limit it depends on
   * no budget, so that the budget it names works. Throws InfeasibleBudgetError.
   */
  #smallest(lowest: Search | undefined): Search | undefined {
    const { budget } = this.#options
    const stop = (): boolean => this.#late()
    // Before a DAG of moderate size is refused, it is given a little longer.
    const end = this.#deadline + (this.#model.needed.length < large ? grace : 0)
    const many = this.#model.needed.length >= large && this.#deadline < Number.POSITIVE_INFINITY
    const least = smallestPlan(this.#dag, {
      ...this.#options,
      stop: () => performance.now() > end,
      // There is no time to begin anew.
      ...(many && lowest?.model === this.#model && { from: lowest }),
    }).plan
    const same = least.choice.every((k, i) => k === this.#model.choice[i])
    const begin = (): Search => new Search(fromSequence(this.#model, runsOf(least)))
    if (this.#take(least)) return same ? begin() : undefined
    if (same && !stop()) {
      const search = begin()
      if (search.lower(this.#target, this.#random, rounds, stop) && this.#reach(search)) return search
    }
    throw new InfeasibleBudgetError(budget, least.arenaBytes, topOf(this.#model, least))
  }
}

function topOf(model: Model, least: Plan): { value: number; name: string; bytes: number }[] {
  return [...profile(model.dag, least).peakValues]
    .map(value => ({
      value,
      name: model.dag.values[value]!.name ?? `value ${value}`,
      bytes: model.dag.values[value]!.bytes,
    }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 5)
}
