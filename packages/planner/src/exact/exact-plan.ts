import { factsOf } from '../bound/facts.ts'
import { lowerBound as generalBound } from '../bound/lower-bound.ts'
import { minimumBudgetBound } from '../bound/minimum-budget.ts'
import type { Dag, DagTaskId, Plan, Step } from '../dag/dag.ts'
import { type Model, modelOf } from '../dag/model.ts'
import { PlannerError } from '../errors.ts'
import { Replay } from '../verify/replay.ts'
import { verify } from '../verify/verify.ts'
import { type Highs, loadHighs, solve } from './highs.ts'
import { Staged } from './staged.ts'

export interface ExactOptions {
  /** Bytes of live values; with `arena`, of an arena in which everything is aligned. */
  readonly budget: number
  /** What is proved then holds for plans with a layout, too; a plan that is found still needs one, and it may not fit. */
  readonly arena?: boolean
  /** Seconds; 60 unless said. What is proved by then depends on the machine. */
  readonly timeLimit?: number
  /** The solver, loaded; else the package `highs` is. */
  readonly highs?: Highs
  /** A plan that is known: only cheaper ones are looked for. First runs follow its order, unless `order` is given. */
  readonly incumbent?: Plan
  /** Needed tasks in the order of their first runs; that of the file unless said. */
  readonly order?: readonly DagTaskId[]
}

export interface Exact {
  /**
   * The cheapest plan found; the incumbent, if none is cheaper. None if there is none in the class, or none was found in
   * time. Its own `lowerBound` holds for all plans.
   */
  readonly plan?: Plan
  /** No plan of the class within the budget costs less; infinite if there is none. */
  readonly lowerBound: number
  /** Whether that is proved of the plan, or that the class has none. */
  readonly optimal: boolean
  /** For which plans it holds. */
  readonly class: string
}

/** The class of schedules among which optima are proved. */
export const exactClass =
  'first runs in one given order, nothing run twice between two of them, nothing in place'

/**
 * The cheapest plan of a class within a budget, by mixed-integer programming: the stages of Checkmate (Jain et al., 2020).
 * HiGHS reckons in floating point: proofs hold to its tolerance of 1e-7. For small DAGs: a few dozen tasks. Takes several
 * results a task, workspaces, inputs and `once`, under the first option of each choice. Throws
 * PlannerError with code `NOT_EXACT` for a DAG with in-place pairs, donations or checkpoints, `NO_HIGHS` if there is no solver; DagError.
 */
export async function exactPlan(dag: Dag, options: ExactOptions): Promise<Exact> {
  const model = modelOf(dag)
  refuseOthers(model)
  const { incumbent, timeLimit = 60, arena = false } = options
  const facts = factsOf(model, arena)
  const budget = arena ? Math.ceil(options.budget / model.align) * model.align : options.budget
  const order = options.order ?? (incumbent ? firstRuns(incumbent) : model.needed)
  checkOrder(model, order)
  const known = incumbent === undefined ? {} : { plan: incumbent }
  const result = (found: Omit<Exact, 'class'>): Exact => ({ ...found, class: exactClass })
  if (budget < minimumBudgetBound(model, { arena }))
    return result({ lowerBound: Number.POSITIVE_INFINITY, optimal: true })
  const general = generalBound(model, budget, { arena }).bound
  if (incumbent !== undefined && incumbent.cost <= general)
    return result({ ...known, lowerBound: incumbent.cost, optimal: true })
  const highs = options.highs ?? (await loadHighs())
  const deadline = performance.now() + 1000 * timeLimit
  const least = (bound: number, unit: number): number =>
    Math.max(general, model.baseCost + Math.ceil(bound - 1e-6) * unit)
  // HiGHS may overstep the budget by its tolerance: then once more with a little less.
  for (let room = budget; ; room = Math.floor(room * (1 - 1e-6)) - 1) {
    const staged = new Staged(facts, order, room)
    const unit = staged.units.cost
    const most = incumbent === undefined ? Number.POSITIVE_INFINITY : incumbent.cost
    staged.program.costsAtLeast((general - model.baseCost) / unit)
    const left = Math.max(0.01, (deadline - performance.now()) / 1000)
    const solved = solve(highs, staged.program, left, (most - model.baseCost) / unit)
    if (solved.status === 'infeasible')
      return incumbent === undefined
        ? result({ lowerBound: Number.POSITIVE_INFINITY, optimal: room === budget })
        : result({ ...known, lowerBound: incumbent.cost, optimal: room === budget })
    const lowerBound = Math.min(most, least(solved.bound, unit))
    if (solved.columns === undefined) return result({ ...known, lowerBound, optimal: false })
    const found = planOf(dag, model, staged.steps(solved.columns), general)
    if (found.peakBytes > budget) continue
    verify(dag, found, { budget })
    const cheapest = incumbent !== undefined && incumbent.cost <= found.cost ? incumbent : found
    return result({ plan: cheapest, lowerBound, optimal: cheapest.cost <= lowerBound })
  }
}

function refuseOthers(model: Model): void {
  const { dag } = model
  const has = [
    model.needed.some(t => model.inPlace[t]!.length > 0) ? 'in-place pairs' : '',
    (dag.next ?? []).length > 0 ? 'successors of pinned values' : '',
    (dag.checkpoints ?? []).length > 0 ? 'checkpoints' : '',
  ].filter(what => what !== '')
  if (has.length === 0) return
  throw new PlannerError('NOT_EXACT', 'the exact solver does not take this DAG', {
    expected: 'no in-place pairs, successors of pinned values or checkpoints',
    got: has.join(', '),
    hint: 'Leave them out: then it proves what is best without them.',
  })
}

function firstRuns(plan: Plan): DagTaskId[] {
  return [...new Set(plan.steps.flatMap(s => ('run' in s ? [s.run] : [])))]
}

function checkOrder(model: Model, order: readonly DagTaskId[]): void {
  const position = new Map(order.map((t, i) => [t, i]))
  const good =
    position.size === order.length &&
    order.length === model.needed.length &&
    model.needed.every(t => position.has(t)) &&
    order.every((t, i) =>
      [...model.reads[t]!].every(v => model.producer[v]! < 0 || position.get(model.producer[v]!)! < i),
    )
  if (!good)
    throw new PlannerError('ORDER', 'the order is not one of the needed tasks that respects reads', {
      expected: `${model.needed.length} tasks, each once, after what it reads`,
    })
}

function planOf(dag: Dag, model: Model, steps: Step[], lowerBound: number): Plan {
  const plan: Plan = {
    pinned: [],
    steps,
    choice: [...model.choice],
    peakBytes: 0,
    arenaBytes: 0,
    cost: 0,
    baseCost: model.baseCost,
    lowerBound,
  }
  const { peakBytes, cost } = new Replay(dag, plan).run(plan)
  return { ...plan, peakBytes, arenaBytes: peakBytes, cost }
}
