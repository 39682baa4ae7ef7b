import type { Dag, Fixed, Plan } from '../dag/dag.ts'
import { type Model, modelOf } from '../dag/model.ts'
import { Lanes } from '../strategy/lanes.ts'
import { Random } from '../strategy/random.ts'
import type { Search } from '../strategy/search.ts'
import { Replay } from '../verify/replay.ts'
import { verify } from '../verify/verify.ts'
import { assembleLayout, planOf } from './assemble.ts'

export interface LadderOptions {
  readonly seed?: number
  /** Rounds of destroy-and-repair a rung, at most; 32 unless said. */
  readonly iterations?: number
  readonly fixed?: Fixed
}

/** Each rung aims at this share of the one before. */
const step = 0.97

/** Most runs that are simulated to improve one rung: what keeps large DAGs fast, without a clock. */
const work = 4e6

/**
 * The rungs of a DAG: plans with offsets of strictly decreasing arenas, the first without recomputation. One
 * deterministic, finite sequence for a DAG, seed and iterations, which no budget and no clock enters: a budget takes the
 * first rung that fits. Every rung is verified. Throws DagError.
 */
export function* ladder(dag: Dag, options: LadderOptions = {}): Generator<Plan, void, undefined> {
  const model = modelOf(dag)
  const seed = options.seed ?? 1
  const lanes = new Lanes(model)
  const random = new Random(seed)
  const floor = leastPeak(model)
  let arena = Number.POSITIVE_INFINITY
  const finish = (search: Search): Plan | undefined => {
    const plan = layOut(model, search, options.fixed ?? [], seed)
    if (plan.arenaBytes >= arena) return undefined
    verify(dag, plan, { ...(options.fixed && { fixed: options.fixed }) })
    arena = plan.arenaBytes
    return plan
  }
  const first = finish(lanes.searches[0]!)
  if (first !== undefined) yield first
  const iterations = options.iterations ?? 32
  // Where a whole step is too far, shorter ones are tried down to one unit of alignment.
  let share = 1 - step
  let peak = lanes.searches[0]!.peak
  while (peak > floor) {
    const target = Math.max(floor, Math.min(peak - model.align, Math.floor(peak * (1 - share))))
    const search = lanes.cheapest(lane => attempt(lane, target, random))
    if (search === undefined) {
      if (target >= peak - model.align || share < 1e-4) return
      share /= 2
      continue
    }
    const limit = search.work + work
    search.improve(target, random, iterations, () => search.work > limit)
    peak = search.peak
    const plan = finish(search)
    if (plan !== undefined) yield plan
  }
}

/** Goes down to the target, or stays where it was. */
function attempt(search: Search, target: number, random: Random): boolean {
  if (search.peak <= target) return true
  const before = search.stages.save()
  for (let tries = 0; tries < 3; tries++) {
    if (tries > 0) {
      // Another way down: forget a part of what was decided, and vary.
      search.stages.load(before)
      search.stages.restore(before.drops.filter(() => random.below(4) < tries))
      search.evaluate()
    }
    if (!search.repair(target, tries === 0 ? {} : { random })) continue
    search.prune(target)
    return true
  }
  search.stages.load(before)
  search.evaluate()
  return false
}

/** The search's present schedule as a plan with offsets. */
export function layOut(model: Model, search: Search, fixed: Fixed, seed: number): Plan {
  const { simulation, stages } = search
  const assembled = assembleLayout(simulation, stages.sequence, fixed, seed)
  return exact(model, planOf(model, simulation, assembled, 0))
}

/** Fills in the peak in exact bytes, which the search counts in units of the alignment. */
export function exact(model: Model, plan: Plan): Plan {
  const { peakBytes, arenaBytes } = new Replay(model.dag, plan).run(plan)
  return { ...plan, peakBytes, arenaBytes: Math.max(arenaBytes, peakBytes) }
}

/** Aligned bytes below which no schedule can go: pinned values and what the hungriest task touches; the outputs. */
export function leastPeak(model: Model): number {
  let least = model.startSize
  for (const t of model.needed) {
    const taken = new Set<number>()
    let bytes = model.pinnedSize + model.workspace[t]!
    for (const v of model.reads[t]!) if (model.pinned[v] === 0) bytes += model.size[v]!
    for (const w of model.writes[t]!) {
      const pair = model.inPlace[t]!.find(([p, x]) => x === w && model.pinned[p] === 0 && !taken.has(p))
      if (pair !== undefined) {
        taken.add(pair[0])
        bytes += Math.max(0, model.size[w]! - model.size[pair[0]]!)
      } else if (model.bufferOf[w]! < 0) bytes += model.size[w]!
    }
    least = Math.max(least, bytes)
  }
  let outputs = model.pinnedSize
  for (let v = 0; v < model.output.length; v++)
    if (model.output[v] === 1 && model.pinned[v] === 0 && model.bufferOf[v]! < 0) outputs += model.size[v]!
  return Math.max(least, outputs)
}
