import type { Dag, Fixed, Plan } from '../dag/dag.ts'
import { type Model, modelOf } from '../dag/model.ts'
import { InfeasibleBudgetError } from '../errors.ts'
import { Lanes } from '../strategy/lanes.ts'
import { Random } from '../strategy/random.ts'
import type { Search } from '../strategy/search.ts'
import type { Saved } from '../strategy/stages.ts'
import { profile, verify } from '../verify/verify.ts'
import { assembleSteps, planOf } from './assemble.ts'
import { exact, layOut, leastPeak } from './ladder.ts'

export interface PlanOptions {
  /** Bytes: of live values, and with `layout` of the arena. */
  readonly budget: number
  readonly seed?: number
  /** Rounds of destroy-and-repair; deterministic. 200 unless said, or unless there is a time limit. */
  readonly iterations?: number
  /** Seconds. The result then depends on the machine. */
  readonly timeLimit?: number
  /** Also give everything an offset, so that the budget bounds the arena. */
  readonly layout?: boolean
  readonly fixed?: Fixed
}

/** Most runs simulated on the way to the smallest peak; and after how many a step that fails is tried less hard. */
const work = { all: 4e7, hard: 1e6 }

/**
 * A schedule of the DAG within the budget, with as little recomputation as it finds. Verified before it is returned.
 * Throws DagError, and InfeasibleBudgetError with the smallest budget for which it finds a plan.
 */
export function plan(dag: Dag, options: PlanOptions): Plan {
  const model = modelOf(dag)
  const lanes = new Lanes(model)
  const deadline =
    options.timeLimit === undefined ? Number.POSITIVE_INFINITY : performance.now() + 1000 * options.timeLimit
  const late = (): boolean => performance.now() > deadline
  const stop = options.timeLimit === undefined ? undefined : late
  const rounds = options.iterations ?? (options.timeLimit === undefined ? 200 : Number.POSITIVE_INFINITY)
  const random = new Random(options.seed ?? 1)
  const fits = (found: Plan): Plan | undefined => {
    if (found.arenaBytes > options.budget) return undefined
    verify(dag, found, { budget: options.budget, ...(options.fixed && { fixed: options.fixed }) })
    return found
  }
  for (let target = options.budget; ; ) {
    const search = lanes.cheapest(lane => descend(lane, target, random))
    if (search === undefined) break
    search.improve(target, random, rounds, stop)
    const found = finish(model, search, options)
    const fit = fits(found)
    if (fit !== undefined) return fit
    // The layout leaves gaps: ask for fewer live bytes.
    target = Math.min(target - model.align, Math.floor(search.peak - (found.arenaBytes - options.budget)))
  }
  lanes.reset()
  const least = lanes.searches
    .map(search => smallest(model, search, options))
    .reduce((a, b) => (b.arenaBytes < a.arenaBytes ? b : a))
  const fit = fits(least)
  if (fit !== undefined) return fit
  throw new InfeasibleBudgetError(options.budget, least.arenaBytes, topOf(model, least))
}

function finish(model: Model, search: Search, { layout, fixed, seed }: PlanOptions): Plan {
  if (layout === true) return layOut(model, search, fixed ?? [], seed ?? 1)
  return exact(
    model,
    planOf(model, search.simulation, assembleSteps(search.simulation, search.stages.sequence), 0),
  )
}

/** Goes down to the target, straight or in steps, with no superfluous drops; whether it got there. */
function descend(search: Search, target: number, random: Random): boolean {
  if (target < leastPeak(search.model)) return false
  const start: Saved = { order: search.stages.order.slice(), drops: [] }
  let reached = search.repair(target)
  for (let tries = 0; !reached && tries < 4; tries++) {
    search.stages.load(start)
    search.evaluate()
    // Short steps find ways that one long one misses.
    reached = true
    while (reached && search.peak > target) {
      const part = Math.max(target, Math.floor(search.peak * 0.95))
      reached = search.repair(part, tries === 0 ? {} : { random })
      if (reached) search.prune(part)
    }
  }
  if (reached) search.prune(target)
  return reached
}

/**
 * The plan of fewest bytes that bisection reaches from the present schedule, without drops. It depends on no budget, so that
 * the budget it names works.
 */
function smallest(model: Model, search: Search, options: PlanOptions): Plan {
  const random = new Random(options.seed ?? 1)
  const from = search.work
  const stop = (): boolean => search.work - from > work.all
  search.evaluate()
  let least = finish(model, search, options)
  let best = search.stages.save()
  let [low, high] = [leastPeak(model) - 1, search.peak]
  while (high - low > Math.max(model.align, high * 0.0005) && !stop()) {
    const middle = Math.floor((low + high) / 2)
    const reached =
      search.repair(middle, { stop }) ||
      search.repair(middle, { random, stop }) ||
      (search.work - from < work.hard && descend(search, middle, random))
    if (reached) {
      search.prune(middle)
      best = search.stages.save()
      high = search.peak
      const found = finish(model, search, options)
      if (found.arenaBytes < least.arenaBytes) least = found
    } else low = middle
    search.stages.load(best)
    search.evaluate()
  }
  return least
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
