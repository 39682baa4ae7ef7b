import { dropStopGradient, type Graph, StintError, showSite, showType, simplify } from '@stint/graph'
import { improveRung, ladder, type Plan, profile } from '@stint/planner'
import type { Backend, KernelInfo, Target } from '../backend.ts'
import { type Emitted, emit } from '../program/emit.ts'
import { type Pinned, type ProgramDag, programDag } from '../tasks/dag.ts'
import { type TaskGraph, toTasks } from '../tasks/tasks.ts'
import { InfeasibleBudgetError, type TopValue } from './errors.ts'
import type { PinnedSet } from './pinned.ts'

/** Planned by the ladder: deterministic, limited by iterations (rounds of search for the rung that is used) and never by a clock. */
export interface PlanOptions {
  readonly seed?: number
  readonly iterations?: number
}

/** A program before planning: its tasks, and what the backend says of their kernels. */
export interface Lowered {
  readonly name: string
  readonly tasks: TaskGraph
  readonly infos: readonly KernelInfo[]
}

/** A program with its plan. */
export interface Planned extends Lowered, Emitted {
  readonly dag: ProgramDag
  readonly plan: Plan
  /** Rung 0 of the ladder: the arena of the plan that recomputes nothing. */
  readonly unconstrained: Plan
  readonly pinned: readonly Pinned[]
}

export interface LowerOptions {
  readonly fusion?: boolean
  readonly simplify?: boolean
}

/** Graph → tasks, with what the backend knows of each kernel. Throws UnsupportedKernel. */
export function lowerGraph(
  name: string,
  graph: Graph,
  backend: Backend,
  target: Target,
  options: LowerOptions,
): Lowered {
  const plain = dropStopGradient(graph)
  const tasks = toTasks((options.simplify ?? true) ? simplify(plain) : plain, options)
  const infos = backend.prepare(tasks.kernels, target)
  for (const [i, { body }] of tasks.kernels.entries())
    if (body.length === 0 && infos[i]!.variants.some(v => v.workspaceBytes > 0))
      throw new StintError('BACKEND', `backend '${backend.name}' asks for workspace to copy a value`, {
        expected: '0 bytes, as a plan that copies has no room for more',
      })
  return { name, tasks, infos }
}

/** The rungs of one program, walked once and remembered. */
export class Ladder {
  readonly lowered: Lowered
  readonly dag: ProgramDag
  readonly #target: Target
  readonly #pinned: readonly Pinned[]
  readonly #options: PlanOptions
  readonly #rungs: Plan[] = []
  readonly #more: Iterator<Plan>

  constructor(lowered: Lowered, target: Target, pinned: PinnedSet, options: PlanOptions) {
    this.lowered = lowered
    this.#target = target
    this.#pinned = pinned.list
    this.dag = programDag(
      lowered.tasks,
      lowered.infos,
      target,
      pinned.list,
      pinned.indexOf(lowered.tasks.graph),
    )
    this.#options = options
    const { seed } = options
    this.#more = ladder(this.dag.dag, { ...(seed !== undefined && { seed }), fixed: this.dag.fixed })[
      Symbol.iterator
    ]()
  }

  rung(index: number): Plan | undefined {
    while (this.#rungs.length <= index) {
      const next = this.#more.next()
      if (next.done === true) return undefined
      this.#rungs.push(next.value)
    }
    return this.#rungs[index]
  }

  /** Rung 0, which recomputes nothing. */
  get unconstrained(): Plan {
    return this.rung(0)!
  }

  /** The first rung that fits, or the last if none does. */
  find(budget: number): { plan: Plan; fits: boolean } {
    for (let i = 0; ; i++) {
      const plan = this.rung(i)
      if (plan === undefined) return { plan: this.#rungs[this.#rungs.length - 1]!, fits: false }
      if (plan.arenaBytes <= budget) return { plan, fits: true }
    }
  }

  /** Throws InfeasibleBudgetError if no rung fits. */
  fit(budget: number): Planned {
    const { plan, fits } = this.find(budget)
    if (fits) return this.with(plan)
    throw new InfeasibleBudgetError(this.lowered.name, budget, plan.arenaBytes, topValues(this, plan))
  }

  /** The program by a rung, made the most of. */
  with(rung: Plan): Planned {
    const { tasks, infos } = this.lowered
    const plan = improveRung(this.dag.dag, rung, { ...this.#options, fixed: this.dag.fixed })
    const source = { tasks, infos, target: this.#target, dag: this.dag, pinned: this.#pinned }
    return {
      ...this.lowered,
      ...emit(source, plan),
      dag: this.dag,
      plan,
      unconstrained: this.unconstrained,
      pinned: this.#pinned,
    }
  }
}

/** The largest values alive at the peak of a plan. */
export function topValues(
  { dag, lowered }: Pick<Ladder, 'dag' | 'lowered'>,
  plan: Plan,
  count = 5,
): TopValue[] {
  const { peakValues } = profile(dag.dag, plan)
  return [...peakValues]
    .sort((a, b) => dag.dag.values[b]!.bytes - dag.dag.values[a]!.bytes)
    .slice(0, count)
    .map(id => ({ bytes: dag.dag.values[id]!.bytes, what: describe(dag, lowered.tasks, id) }))
}

/** `f32[64,6,14,14] of block1.conv model.ts:12`. */
function describe(dag: ProgramDag, { graph, values, tasks }: TaskGraph, id: number): string {
  const value = dag.graphValueOf[id]!
  const name = dag.dag.values[id]!.name ?? ''
  if (value < 0) return name
  const type = showType(values[value]!)
  const task = tasks.find(t => t.writes.includes(value))
  if (task === undefined) return `${type} ${name}`
  const node = graph.nodes.find(n => n.results.includes(value))
  const site = node?.site ?? task.sites[0]
  return site === undefined ? type : `${type} of ${showSite(site)}`
}
