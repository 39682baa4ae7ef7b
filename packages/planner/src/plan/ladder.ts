import type { Dag, Fixed, Plan } from '../dag/dag.ts'
import { modelOf } from '../dag/model.ts'
import { Lanes } from '../strategy/lanes.ts'
import { Random } from '../strategy/random.ts'
import type { Search } from '../strategy/search/search.ts'
import { verify } from '../verify/verify.ts'
import { finish } from './finish.ts'
import { leastPeak } from './least-peak.ts'
import { unfold } from './unfold.ts'

export interface LadderOptions {
  readonly seed?: number
  /** Rounds of destroy-and-repair a rung, at most; 32 unless said. */
  readonly iterations?: number
  readonly fixed?: Fixed
}

/** Each rung aims at this share of the one before. */
const step = 0.97
/** Most runs written down to improve one rung: what keeps large DAGs fast, without a clock. */
const work = 1e6

/**
 * The rungs of a DAG: plans with offsets of strictly decreasing arenas, the first without
 * recomputation, save for what checkpoints ask for. One
 * deterministic, finite sequence for a DAG, seed and iterations, which no budget and no clock enters: a budget takes the
 * first rung that fits. Every rung is verified. Throws DagError.
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
  const floor = leastPeak(model)
  let arena = Number.POSITIVE_INFINITY
  const take = (search: Search): Plan | undefined => {
    const plan = finish(model, search.timeline.sequence(), options.fixed ?? [], seed)
    if (plan.arenaBytes >= arena) return undefined
    verify(dag, plan, { ...(options.fixed && { fixed: options.fixed }) })
    arena = plan.arenaBytes
    return plan
  }
  const first = take(lanes.searches[0]!)
  if (first !== undefined) yield first
  const iterations = options.iterations ?? 32
  // Where a whole step is too far, shorter ones are tried down to one unit of alignment.
  let share = 1 - step
  let peak = lanes.searches[0]!.peak
  while (peak > floor) {
    const target = Math.max(floor, Math.min(peak - model.align, Math.floor(peak * (1 - share))))
    const [search] = lanes.descend(lane => attempt(lane, target, random))
    if (search === undefined) {
      if (target >= peak - model.align || share < 1e-4) return
      share /= 2
      continue
    }
    const limit = search.work + work
    search.improve(target, random, iterations, () => search.work > limit)
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
  const limit = search.work + 4 * work
  for (let tries = 0; tries < 3; tries++) {
    timeline.begin()
    // Another way down: forget a part of what was decided, and vary.
    if (tries > 0) for (const [v, stage] of before) if (random.below(4) >= tries) timeline.keep(v, stage)
    if (search.repair(target, { stop: () => search.work > limit, ...(tries > 0 && { random }) })) {
      timeline.commit()
      search.prune(target)
      return true
    }
    timeline.rollback()
  }
  return false
}
