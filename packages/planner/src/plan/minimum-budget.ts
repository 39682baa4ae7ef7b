import { minimumBudgetBound } from '../bound/minimum-budget.ts'
import type { Dag, Fixed, Plan } from '../dag/dag.ts'
import { modelOf } from '../dag/model.ts'
import { planBlocks } from '../strategy/chain/plan-blocks.ts'
import { descendToFloor } from '../strategy/descend.ts'
import { Lanes } from '../strategy/lanes.ts'
import { baseOrders } from '../strategy/order.ts'
import { Random } from '../strategy/random.ts'
import { Search } from '../strategy/search/search.ts'
import { smallestBudget } from '../strategy/states/search.ts'
import { fromSequence } from '../strategy/timeline/from-sequence.ts'
import { verify } from '../verify/verify.ts'
import { choose, firstOptions } from './choose.ts'
import { finish } from './finish.ts'
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
/** From this many tasks on, one order has to do. */
const large = 3000
/** Most work, in runs, on the way down from each order, and in what the bound looks at. */
const work = { floor: 4e6, bound: 8e6 }
/** How often what is lowest goes on from where it is stuck. */
const rounds = 100

/** The lowest budget for which it finds a plan, and the bound below which none exists. Deterministic. Throws DagError. */
export function minimumBudget(dag: Dag, options: MinimumOptions = {}): Minimum {
  const unfolded = unfold(dag)
  const least = smallestPlan(unfolded?.dag ?? dag, {
    ...options,
    ...(unfolded && { choice: firstOptions(dag) }),
  })
  const plan = unfolded === undefined ? least.plan : unfolded.fold(least.plan)
  verify(dag, plan, { ...(options.fixed && { fixed: options.fixed }) })
  return { budget: plan.arenaBytes, bound: least.bound, plan }
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
export function smallestPlan(
  dag: Dag,
  { layout, fixed, seed = 1, choice, from, stop = never }: SmallestOptions,
): { plan: Plan; bound: number } {
  const model = modelOf(dag, choice ?? choose(dag, 0, seed))
  const bound = minimumBudgetBound(model, { arena: layout === true, work: work.bound })
  const write = (sequence: Int32Array): Plan =>
    finish(model, sequence, layout === true ? (fixed ?? []) : undefined, seed).plan
  let least: Plan | undefined
  const take = (plan: Plan): void => {
    if (least === undefined || plan.arenaBytes < least.arenaBytes) least = plan
  }
  if (model.needed.length <= small) {
    const exact = smallestBudget(model)
    if (exact !== 'limit') take(write(exact.sequence))
    if (least !== undefined && layout !== true) return { plan: least, bound }
  }
  const many = model.needed.length >= large
  const floor = minimumBudgetBound(model, { arena: true, work: work.bound })
  const own = (dag.choices ?? []).length === 0 ? from : undefined
  const searches =
    own === undefined ? new Lanes(model, many ? [model.needed] : baseOrders(model)).searches : [own]
  const random = new Random(seed)
  for (const search of searches) {
    descendToFloor(search, floor, random, { work: work.floor, stop })
    take(write(search.timeline.sequence()))
    if (least!.arenaBytes <= bound || stop()) break
  }
  // Cut into blocks, training graphs may go lower.
  for (let low = bound, k = 0; k < (many ? 3 : 6) && low < 0.995 * least!.arenaBytes && !stop(); k++) {
    const middle = Math.floor((low + least!.arenaBytes) / 2)
    const before = least!.arenaBytes
    for (const sequence of planBlocks(model, middle).slice(0, 1)) take(write(sequence))
    if (least!.arenaBytes === before) low = middle
  }
  if (!many && least!.arenaBytes > bound && !stop()) {
    const search = new Search(fromSequence(model, runsOf(least!)))
    search.lower(floor, random, rounds, stop)
    take(write(search.timeline.sequence()))
  }
  return { plan: least!, bound }
}
