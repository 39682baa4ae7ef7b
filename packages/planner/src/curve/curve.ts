import type { Dag, Plan } from '../dag/dag.ts'
import { InfeasibleBudgetError } from '../errors.ts'
import { type PlanOptions, plan } from '../plan/plan.ts'
import { storeAllPeak } from '../plan/store-all.ts'

export interface CurveOptions extends Omit<PlanOptions, 'budget'> {
  /** Budgets, in bytes. */
  readonly budgets?: readonly number[]
  /** Where no budgets are given: how many, from the smallest that works to the peak of storing everything. 12 unless said. */
  readonly points?: number
}

/** What a budget costs. */
export interface CurvePoint {
  /** Bytes. */
  readonly budget: number
  /** Of the peak of storing everything. */
  readonly fraction: number
  /** Whether a plan was found. If not, the rest is null. */
  readonly feasible: boolean
  /** Live bytes, and with `layout` the bytes of the arena, of the plan that was found. */
  readonly peakBytes: number | null
  readonly arenaBytes: number | null
  readonly cost: number | null
  /** 0.1 is 10 % more than without recomputation. */
  readonly overhead: number | null
}

/** How much more time less memory takes. */
export interface Curve {
  /** By rising budgets; overheads never rise. */
  readonly points: readonly CurvePoint[]
  /** Bytes of the smallest budget for which a plan was found. */
  readonly smallest: number
  /** Bytes that storing everything takes. */
  readonly storeAll: number
  readonly baseCost: number
}

/**
 * Plans for many budgets. A plan that fits a smaller budget fits a larger one, so none costs more than one for less
 * memory. Without a time limit, which is for each plan, the curve depends on the DAG, the budgets and the seed alone.
 * Throws DagError.
 */
export function curve(dag: Dag, { budgets, points = 12, ...options }: CurveOptions = {}): Curve {
  const storeAll = storeAllPeak(dag)
  const attempt = (budget: number): Plan | undefined => {
    try {
      return plan(dag, { ...options, budget })
    } catch (error) {
      if (!(error instanceof InfeasibleBudgetError)) throw error
      smallest = Math.min(smallest, error.smallestBudgetBytes)
      return undefined
    }
  }
  let smallest = Number.POSITIVE_INFINITY
  // The refusal of a budget that nothing fits says which works.
  let best = attempt(0)
  if (best !== undefined) smallest = 0
  const asked = budgets ?? spread(smallest, Math.max(storeAll, smallest), points)
  let baseCost = best?.baseCost ?? 0
  const list = [...asked]
    .sort((a, b) => a - b)
    .map((budget): CurvePoint => {
      const found = attempt(budget)
      if (found !== undefined && (best === undefined || found.cost < best.cost)) best = found
      const fraction = storeAll > 0 ? budget / storeAll : 1
      if (best === undefined)
        return {
          budget,
          fraction,
          feasible: false,
          peakBytes: null,
          arenaBytes: null,
          cost: null,
          overhead: null,
        }
      const { peakBytes, arenaBytes, cost } = best
      baseCost = best.baseCost
      smallest = Math.min(smallest, arenaBytes)
      const overhead = baseCost > 0 ? cost / baseCost - 1 : 0
      return { budget, fraction, feasible: true, peakBytes, arenaBytes, cost, overhead }
    })
  return { points: list, smallest, storeAll, baseCost }
}

/** Whole numbers from `from` to `to`, both among them, each once: the nearer the lower end, the denser. */
function spread(from: number, to: number, count: number): number[] {
  const steps = Math.max(1, count - 1)
  const all = Array.from({ length: steps + 1 }, (_, i) =>
    Math.round(from + (to - from) * (i / steps) * Math.sqrt(i / steps)),
  )
  return [...new Set(all)]
}
