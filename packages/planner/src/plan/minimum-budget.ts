import { minimumBudgetBound } from '../bound/minimum-budget.ts'
import type { Dag, Fixed, Plan } from '../dag/dag.ts'
import { liveOnly } from '../dag/live.ts'
import { type Model, modelOf } from '../dag/model.ts'
import { planBlocks } from '../strategy/chain/plan-blocks.ts'
import { chainOf } from '../strategy/chain/recognize.ts'
import { fewestSlots, reversal } from '../strategy/chain/revolve.ts'
import { descendToFloor } from '../strategy/descend.ts'
import { Lanes } from '../strategy/lanes.ts'
import { baseOrders, quickOrder } from '../strategy/order.ts'
import { Random } from '../strategy/random.ts'
import { Search } from '../strategy/search/search.ts'
import { large } from '../strategy/size.ts'
import { smallestBudget } from '../strategy/states/search.ts'
import { fromSequence } from '../strategy/timeline/from-sequence.ts'
import { verify } from '../verify/verify.ts'
import { choose, firstOptions } from './choose.ts'
import { type Finished, finish } from './finish.ts'
import { makeRoom } from './make-room.ts'
import { runsOf } from './runs.ts'
import { unfold } from './unfold.ts'

export interface MinimumOptions {
  readonly seed?: number
  /** Bytes of an arena, with an offset for everything; live bytes unless said. */
  readonly layout?: boolean
  readonly fixed?: Fixed
}

export interface Minimum {
  /** Bytes: the lowest budget for which a plan is found. */
  readonly budget: number
  /** Bytes below which there is no schedule at all. */
  readonly bound: number
  /** The plan for the budget; of no particular cost. */
  readonly plan: Plan
}

/** DAGs of at most so many tasks are planned by looking at all schedules. */
const small = 12
/** Up to so many, all orders are gone on with where they are stuck. */
const middling = 200
/** Most work, in runs, on the way down from each order, and in what the bound looks at. */
const work = { floor: 4e6, bound: 8e6 }
/** How often what is lowest goes on from where it is stuck, and what is not. */
const rounds = { lowest: 100, other: 25 }
/**
 * Where the smallest arena is larger by more than this share than the fewest live bytes: how often room is made, each time for an
 * arena up to so much smaller, in so many rounds.
 */
const gaps = { share: 0.02, times: 12, step: 0.01, rounds: 8 }
/** How much larger than the least an arena may become before the search goes back to that. */
const far = 1.03

/** The lowest budget for which it finds a plan, and the bound below which none exists. Deterministic. Throws DagError. */
export function minimumBudget(dag: Dag, options: MinimumOptions = {}): Minimum {
  const counted = options.layout === true ? dag : liveOnly(dag)
  const unfolded = unfold(counted)
  const least = smallestPlan(unfolded?.dag ?? counted, {
    ...options,
    ...(unfolded && { choice: firstOptions(dag) }),
  })
  const plan = unfolded === undefined ? least.plan : unfolded.fold(least.plan)
  verify(dag, plan, { ...(options.fixed && { fixed: options.fixed }) })
  // Behind what lies highest, nothing has to be aligned.
  const bound = options.layout === true ? least.bound - ((dag.align ?? 1) - 1) : least.bound
  return { budget: plan.arenaBytes, bound: Math.max(0, bound), plan }
}

export interface SmallestOptions extends MinimumOptions {
  readonly choice?: readonly number[]
  /** Where to begin; every order unless said. Its model is that of the DAG without choices. */
  readonly from?: Search
  /** Whether to go no further. */
  readonly stop?: () => boolean
}

const never = (): boolean => false

/** The plan of fewest bytes that is found for a DAG without checkpoints. */
export function smallestPlan(dag: Dag, options: SmallestOptions): { plan: Plan; bound: number } {
  const { layout, seed = 1, choice, from, stop = never } = options
  const model = modelOf(dag, choice ?? choose(dag, 0, seed))
  const bound = minimumBudgetBound(model, { arena: layout === true, work: work.bound })
  const lowest = new Lowest(model, options)
  if (model.needed.length <= small) {
    const exact = smallestBudget(model)
    if (exact !== 'limit') lowest.take(exact.sequence)
    if (exact !== 'limit' && layout !== true) return { plan: lowest.plan, bound }
  }
  const random = new Random(seed)
  const done = (): boolean => lowest.plan.arenaBytes <= bound || stop()
  const many = model.needed.length >= large
  const floor = minimumBudgetBound(model, { arena: true, work: work.bound })
  const chain = chainOf(model)
  if (chain !== undefined) lowest.take(reversal(chain, fewestSlots(chain)))
  const own = (dag.choices ?? []).length === 0 ? from : undefined
  const searches =
    own === undefined ? new Lanes(model, many ? [quickOrder(model)] : baseOrders(model)).searches : [own]
  for (const search of searches) {
    descendToFloor(search, floor, random, { work: work.floor, stop })
    lowest.take(search.timeline.sequence())
    if (done()) break
  }
  // Cut into blocks, training graphs may go lower.
  const halvings = many ? 3 : 6
  for (let low = bound, k = 0; k < halvings && low < 0.995 * lowest.plan.arenaBytes && !stop(); k++) {
    const middle = Math.floor((low + lowest.plan.arenaBytes) / 2)
    const before = lowest.plan
    for (const sequence of planBlocks(model, middle, { stop }).slice(0, 1)) lowest.take(sequence)
    if (lowest.plan === before) low = middle
  }
  // From where it is lowest, in small DAGs from everywhere.
  const begin = many ? [] : [lowest.search()]
  for (const search of model.needed.length <= middling ? [...begin, ...searches] : begin) {
    if (done()) break
    search.lower(floor, random, search === begin[0] ? rounds.lowest : rounds.other, stop)
    lowest.take(search.timeline.sequence())
  }
  if (!many && layout === true) closeGaps(lowest, random, stop)
  return { plan: lowest.plan, bound }
}

/** Of the sequences that it takes, the one of fewest bytes. */
class Lowest {
  readonly model: Model
  /** The fewest live bytes of all of them. */
  peak = Number.POSITIVE_INFINITY
  readonly #options: MinimumOptions
  #plan: Plan | undefined

  constructor(model: Model, options: MinimumOptions) {
    this.model = model
    this.#options = options
  }

  get plan(): Plan {
    return this.#plan!
  }

  take(sequence: Int32Array): Finished {
    const { layout, fixed, seed } = this.#options
    const written = finish(this.model, sequence, layout === true ? (fixed ?? []) : undefined, seed ?? 1)
    const { plan } = written
    this.peak = Math.min(this.peak, plan.peakBytes)
    if (this.#plan === undefined || plan.arenaBytes < this.#plan.arenaBytes) this.#plan = plan
    return written
  }

  /** A search from there. */
  search(): Search {
    return new Search(fromSequence(this.model, runsOf(this.plan)))
  }
}

/** Where packing fails less has to live, and elsewhere more may. */
function closeGaps(lowest: Lowest, random: Random, stop: () => boolean): void {
  const begin = (): { search: Search; written: Finished } => {
    const search = lowest.search()
    return { search, written: lowest.take(search.timeline.sequence()) }
  }
  let now: { search: Search; written: Finished } | undefined
  for (let k = 0; k < gaps.times && !stop(); k++) {
    if (lowest.plan.arenaBytes <= (1 + gaps.share) * lowest.peak) return
    const { search, written } = now ?? begin()
    // Whole bytes, as everything that is counted.
    const goal = Math.floor(lowest.plan.arenaBytes * (1 - gaps.step * random.unit())) - lowest.model.align
    makeRoom(search, written, goal, goal)
    now = undefined
    if (!search.lower(goal, random, gaps.rounds, stop)) continue
    const lowered = lowest.take(search.timeline.sequence())
    if (lowered.plan.arenaBytes <= far * lowest.plan.arenaBytes) now = { search, written: lowered }
  }
}
