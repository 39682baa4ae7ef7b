import process from 'node:process'
import {
  type Dag,
  InfeasibleBudgetError,
  layOut,
  minimumBudget,
  type Plan,
  planSteps,
  storeAllPeak,
  verify,
} from '@stint/planner'
import { round } from '../statistics.ts'
import { load, nameOf, type Source } from './graphs.ts'

export interface Effort {
  /** Seconds a plan; undefined where iterations say how long it searches. */
  readonly time?: number
  readonly iterations?: number
  readonly seed?: number
  /** The budget bounds the arena, not only live bytes. */
  readonly layout?: boolean
}

/** What to measure: one graph within one budget, in bytes or as a share of the peak of storing everything. */
export interface Job extends Effort {
  readonly source: Source
  readonly budget: { readonly bytes: number } | { readonly fraction: number }
}

/** A graph and a budget. Bytes; costs in the units of the file; null where there is no plan. */
export interface Line {
  readonly graph: string
  readonly nodes: number
  readonly budget: number
  /** Of the peak of storing everything. */
  readonly fraction: number
  readonly feasible: boolean
  /** Live bytes. */
  readonly peak: number | null
  /** The arena of that plan, laid out; null where the plan is too long for that. */
  readonly layoutPeak: number | null
  readonly overhead: number | null
  readonly lowerBound: number | null
  /** Cost over lower bound, less one. */
  readonly gap: number | null
  /** The smallest budget for which a plan is found. */
  readonly minimumBudget: number | null
  /** Until the first plan within the budget, and until the last, in ms. */
  readonly firstMs: number | null
  readonly ms: number
  /** The most that the process has held so far, in 2²⁰ bytes. */
  readonly rssMB: number
}

/** Runs above which a plan is not laid out afterwards. */
const layoutLimit = 200_000

/** Plans a graph within a budget, and verifies the plan. */
export function measure(job: Job): Line {
  const { dag, nodes } = load(job.source)
  const storeAll = storeAllPeak(dag)
  const budget = 'bytes' in job.budget ? job.budget.bytes : Math.floor(job.budget.fraction * storeAll)
  const about = { graph: nameOf(job.source), nodes, budget, fraction: round(budget / storeAll, 1e6) }
  const start = performance.now()
  const since = (): number => round(performance.now() - start, 10)
  try {
    const { found, firstMs } = search(dag, budget, job, since)
    const ms = since()
    verify(dag, found, { budget })
    return {
      ...about,
      feasible: true,
      ...figures(dag, found),
      minimumBudget: null,
      firstMs,
      ms,
      rssMB: rss(),
    }
  } catch (error) {
    if (!(error instanceof InfeasibleBudgetError)) throw error
    const nothing = {
      peak: null,
      layoutPeak: null,
      overhead: null,
      lowerBound: null,
      gap: null,
      firstMs: null,
    }
    const minimumBudget = error.smallestBudgetBytes
    return { ...about, feasible: false, ...nothing, minimumBudget, ms: since(), rssMB: rss() }
  }
}

function search(
  dag: Dag,
  budget: number,
  { time, iterations, seed, layout }: Effort,
  since: () => number,
): { found: Plan; firstMs: number } {
  const options = {
    budget,
    ...(seed !== undefined && { seed }),
    ...(layout === true && { layout }),
    ...(time !== undefined && { timeLimit: time }),
    ...(iterations !== undefined && { iterations }),
  }
  let [found, firstMs]: [Plan | undefined, number] = [undefined, 0]
  for (const better of planSteps(dag, options)) {
    if (found === undefined) firstMs = since()
    found = better
  }
  return { found: found!, firstMs }
}

/** The smallest budget of a graph for which a plan is found. */
export function smallestBudget(source: Source, { seed, layout }: Effort): number {
  return minimumBudget(load(source).dag, {
    ...(seed !== undefined && { seed }),
    ...(layout === true && { layout }),
  }).budget
}

function figures(
  dag: Dag,
  found: Plan,
): Pick<Line, 'peak' | 'layoutPeak' | 'overhead' | 'lowerBound' | 'gap'> {
  const { cost, baseCost, lowerBound, peakBytes } = found
  const placed = found.pinned.length > 0 || found.arenaBytes > peakBytes
  const short = found.steps.filter(s => 'run' in s).length <= layoutLimit
  return {
    peak: peakBytes,
    layoutPeak: placed ? found.arenaBytes : short ? layOut(dag, found).arenaBytes : null,
    overhead: baseCost > 0 ? cost / baseCost - 1 : 0,
    lowerBound,
    gap: lowerBound > 0 ? cost / lowerBound - 1 : 0,
  }
}

function rss(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}
