import { type Dag, InfeasibleBudgetError, layOut, type Plan, type PlanOptions, plan } from '@stint/planner'
import { exactPlan } from '@stint/planner/exact'
import { percent } from './summary.ts'

/** How far a plan may be from the cheapest of its class. */
export interface Proof {
  /** Whether no plan of the class costs less. */
  readonly optimal: boolean
  readonly lowerBound: number
  /** Cost above the lower bound, as a share of it. */
  readonly gap: number
  readonly class: string
}

/**
 * The cheapest plan within the budget that the search and the exact solver find, with what is proved of it. Throws what
 * `plan` and `exactPlan` throw.
 */
export async function planExactly(dag: Dag, options: PlanOptions): Promise<{ plan: Plan; proof: Proof }> {
  const { budget, layout = false, timeLimit = 60 } = options
  const found = attempt(() => plan(dag, options))
  // Where no layout fits, a plan that keeps the budget without one is still something to beat.
  const known =
    layout && found instanceof InfeasibleBudgetError
      ? attempt(() => plan(dag, { ...options, layout: false }))
      : found
  const incumbent = known instanceof InfeasibleBudgetError ? {} : { incumbent: known }
  const exact = await exactPlan(dag, { budget, arena: layout, timeLimit, ...incumbent })
  const fitting = [exact.plan, found].flatMap(p => {
    if (p === undefined || p instanceof InfeasibleBudgetError) return []
    const placed = layout && p !== found ? layOut(dag, p) : p
    return placed.arenaBytes <= budget ? [placed] : []
  })
  if (fitting.length === 0) throw found
  const cheapest = fitting.reduce((a, b) => (b.cost < a.cost ? b : a))
  const { lowerBound } = exact
  const gap = lowerBound > 0 ? cheapest.cost / lowerBound - 1 : 0
  return { plan: cheapest, proof: { optimal: gap === 0, lowerBound, gap, class: exact.class } }
}

function attempt(make: () => Plan): Plan | InfeasibleBudgetError {
  try {
    return make()
  } catch (error) {
    if (error instanceof InfeasibleBudgetError) return error
    throw error
  }
}

/** For people to read. */
export function showProof(proof: Proof): string {
  if (proof.optimal) return `proved to be the cheapest of plans with ${proof.class}`
  return `not proved: at most ${percent(proof.gap)} dearer than the cheapest of plans with ${proof.class}`
}
