import { minimumBudgetBound } from '../bound/minimum-budget.ts'
import type { Dag, Fixed, Plan } from '../dag/dag.ts'
import { modelOf } from '../dag/model.ts'
import { InfeasibleBudgetError } from '../errors.ts'
import { Lanes } from '../strategy/lanes.ts'
import { Random } from '../strategy/random.ts'
import type { Search } from '../strategy/search/search.ts'
import { verify } from '../verify/verify.ts'
import { finish } from './finish.ts'
import { Planning } from './planning.ts'
import { unfold } from './unfold.ts'

export interface LadderOptions {
  readonly seed?: number
  readonly fixed?: Fixed
}

/** Each rung aims at this share of the one before. */
const step = 0.96
/** Most runs written down on the way to a rung: what ends a search that gets nowhere, without a clock. */
const work = 1e6

/**
 * The rungs of a DAG: plans with offsets of strictly decreasing arenas, the first without recomputation, save for what
 * checkpoints ask for. One deterministic, finite sequence for a DAG and seed, which no budget and no clock enters: a budget
 * takes the first rung that fits, and `improveRung` makes the most of it. Every rung is verified. Throws DagError.
 */
export function* ladder(dag: Dag, options: LadderOptions = {}): Generator<Plan, void, undefined> {
  const unfolded = unfold(dag)
  if (unfolded === undefined) return yield* rungs(dag, options)
  for (const plan of rungs(unfolded.dag, options)) {
    const folded = unfolded.fold(plan)
    verify(dag, folded, { ...(options.fixed && { fixed: options.fixed }) })
    yield folded
  }
}

/** The rungs of a DAG without checkpoints. */
function* rungs(dag: Dag, options: LadderOptions): Generator<Plan, void, undefined> {
  const model = modelOf(dag)
  const seed = options.seed ?? 1
  const lanes = new Lanes(model)
  const random = new Random(seed)
  const floor = minimumBudgetBound(model, { arena: true, work })
  let arena = Number.POSITIVE_INFINITY
  const take = (search: Search): Plan | undefined => {
    const plan = finish(model, search.timeline.sequence(), options.fixed ?? [], seed).plan
    if (plan.arenaBytes >= arena) return undefined
    verify(dag, plan, { ...(options.fixed && { fixed: options.fixed }) })
    arena = plan.arenaBytes
    return plan
  }
  const first = take(lanes.searches[0]!)
  if (first !== undefined) yield first
  // Where a whole step is too far, shorter ones are tried down to one unit of alignment.
  let share = 1 - step
  let peak = lanes.searches[0]!.peak
  while (peak > floor) {
    const target = Math.max(floor, Math.min(peak - model.align, Math.floor(peak * (1 - share))))
    const [search] = lanes.descend(lane => attempt(lane, target, random))
    if (search === undefined) {
      if (target >= peak - model.align || share < 1e-3) return
      share /= 2
      continue
    }
    peak = search.peak
    const plan = take(search)
    if (plan !== undefined) yield plan
  }
}

/** Goes down to the target, or stays where it was. */
function attempt(search: Search, target: number, random: Random): boolean {
  if (search.peak <= target) return true
  const { timeline } = search
  const before = timeline.drops()
  const limit = search.work + work
  for (let tries = 0; tries < 3; tries++) {
    timeline.begin()
    // Another way down: forget a part of what was decided, and vary.
    if (tries > 0) timeline.keep(before.filter(() => random.below(4) >= tries))
    const stop = (): boolean => search.work > limit
    if (search.repair(target, { stop, lean: true, ...(tries > 0 && { random }) })) {
      timeline.commit()
      search.prune(target)
      return true
    }
    timeline.rollback()
  }
  return false
}

export interface ImproveOptions extends LadderOptions {
  /** Rounds of destroy-and-repair; 60 unless said. */
  readonly iterations?: number
}

/**
 * A cheaper plan in the bytes of a rung, if one is found; its arena is said to be as large as the rung's, so that a smaller
 * budget never gives a larger one. Deterministic. Throws DagError.
 */
export function improveRung(dag: Dag, rung: Plan, options: ImproveOptions = {}): Plan {
  if (rung.cost === rung.baseCost) return rung
  const { seed, fixed = [], iterations = 60 } = options
  const given = {
    budget: rung.arenaBytes,
    layout: true,
    fixed,
    iterations,
    ...(seed !== undefined && { seed }),
  }
  const unfolded = unfold(dag)
  // The rung's runs are those of the DAG as it is: with checkpoints, the search begins anew.
  const planning =
    unfolded === undefined
      ? new Planning(dag, { ...given, start: rung })
      : new Planning(unfolded.dag, { ...given, choice: rung.choice })
  let best = rung
  try {
    for (const found of planning.steps()) best = unfolded === undefined ? found : unfolded.fold(found)
  } catch (error) {
    if (!(error instanceof InfeasibleBudgetError)) throw error
  }
  if (best.cost >= rung.cost) return rung
  const said = { ...best, arenaBytes: rung.arenaBytes }
  verify(dag, said, { fixed })
  return said
}
