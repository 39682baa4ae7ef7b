import type { Dag, Fixed, Plan } from '../dag/dag.ts'
import { liveOnly } from '../dag/live.ts'
import { verify } from '../verify/verify.ts'
import { firstOptions } from './choose.ts'
import { Planning } from './planning.ts'
import { unfold } from './unfold.ts'

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

/**
 * A schedule of the DAG within the budget, with as little recomputation as it finds. Verified before it is returned.
 * Throws DagError, and InfeasibleBudgetError with the smallest budget for which it finds a plan.
 */
export function plan(dag: Dag, options: PlanOptions): Plan {
  let best: Plan | undefined
  for (const found of planSteps(dag, options)) best = found
  return best!
}

/**
 * Plans within the budget, each cheaper than the one before; the last is what `plan` returns. Take as many as there is time for.
 * Throws as `plan` does, before the first.
 */
export function* planSteps(dag: Dag, options: PlanOptions): Generator<Plan, void, undefined> {
  const counted = options.layout === true ? dag : liveOnly(dag)
  const unfolded = unfold(counted)
  if (unfolded === undefined) return yield* new Planning(counted, options).steps()
  const { budget, fixed } = options
  // What a checkpoint computes again is known of the first options alone.
  const choice = firstOptions(dag)
  for (const plan of new Planning(unfolded.dag, { ...options, choice }).steps()) {
    const folded = unfolded.fold(plan)
    verify(dag, folded, { budget, ...(fixed && { fixed }) })
    yield folded
  }
}
