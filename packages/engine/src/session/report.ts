import { type Graph, type Node, type State, showSite, type ValueId } from '@stint/graph'
import { type Explanation, explain, planHash, profile } from '@stint/planner'
import type { TopValue } from './errors.ts'
import { type Planned, topValues } from './planned.ts'

export const categories = [
  'parameters',
  'optimizer',
  'otherState',
  'constants',
  'inputs',
  'activations',
  'gradients',
  'workspace',
  'padding',
] as const
export type Category = (typeof categories)[number]

/** What a plan does and what it costs. Sizes in bytes; costs in ns of the target's model. */
export interface PlanReport {
  /** Live bytes at the fullest moment. */
  readonly peakBytes: number
  /** Bytes from the first to the last one used: the peak, alignment, and what the layout leaves between. */
  readonly arenaBytes: number
  /** The arena of the plan that recomputes nothing. */
  readonly unconstrainedPeakBytes: number
  /** The arena at the peak, by category; sums to `arenaBytes`. */
  readonly breakdown: { readonly [C in Category]: number }
  /**
   * The values at the peak, by layer path: activations and gradients of a layer, its parameters and what the optimizer
   * keeps of them. What belongs to no layer, such as inputs, is under ''. With `workspace` and `padding` of the
   * breakdown it sums to `arenaBytes`.
   */
  readonly byLayer: { readonly [path: string]: number }
  readonly top: readonly TopValue[]
  /** Tasks that run more than once: how often beyond the first, and the cost of those runs. */
  readonly recomputed: readonly { readonly what: string; readonly times: number; readonly cost: number }[]
  readonly recomputedTasks: number
  /** Extra cost over that without recomputation: 0.116 is 11.6 %. */
  readonly overhead: number
  readonly cost: number
  readonly baseCost: number
  /** No plan within the same bytes costs less. */
  readonly lowerBound: number
  readonly tasks: number
  readonly planHash: string
  /** What fills the peak, what is kept, what is computed again, and why: data, and as a string a text. */
  explain(): Explanation
}

export function report(planned: Planned): PlanReport {
  const { plan, tasks, dag, unconstrained } = planned
  const at = profile(dag.dag, plan)
  const runs = new Map<number, number>()
  for (const step of plan.steps) if ('run' in step) runs.set(step.run, (runs.get(step.run) ?? 0) + 1)
  const recomputed = [...runs]
    .filter(([, n]) => n > 1)
    .map(([task, n]) => ({
      what: tasks.tasks[task]!.sites.map(showSite).join(', ') || dag.dag.tasks[task]!.name || `task ${task}`,
      times: n - 1,
      cost: (n - 1) * dag.dag.tasks[task]!.cost,
    }))
  const peakTask = plan.steps[at.peakStep]
  const workspace =
    peakTask !== undefined && 'run' in peakTask ? (dag.dag.tasks[peakTask.run]!.workspace ?? 0) : 0
  const { breakdown, byLayer } = fill(planned, at.peakValues, workspace)
  return {
    peakBytes: plan.peakBytes,
    arenaBytes: plan.arenaBytes,
    unconstrainedPeakBytes: unconstrained.arenaBytes,
    breakdown,
    byLayer,
    top: topValues({ dag, lowered: planned }, plan),
    recomputed,
    recomputedTasks: recomputed.reduce((n, r) => n + r.times, 0),
    overhead: plan.baseCost > 0 ? plan.cost / plan.baseCost - 1 : 0,
    cost: plan.cost,
    baseCost: plan.baseCost,
    lowerBound: plan.lowerBound,
    tasks: tasks.tasks.length,
    planHash: planHash(plan),
    explain: () => explain(dag.dag, plan),
  }
}

/** Sorts the values of the peak into categories and layers. */
function fill(
  { plan, tasks, dag, pinned }: Planned,
  values: readonly number[],
  workspace: number,
): { breakdown: { [C in Category]: number }; byLayer: { [path: string]: number } } {
  const { graph } = tasks
  const breakdown = Object.fromEntries(categories.map(c => [c, 0])) as { [C in Category]: number }
  const byLayer: { [path: string]: number } = {}
  const inputs = new Set(graph.inputs.map(i => i.value))
  const state = new Map(graph.state.map(s => [s.path, s]))
  const producers = producersOf(graph)
  const layerOf = stateLayers(graph)
  let used = workspace
  for (const id of values) {
    const { bytes, name } = dag.dag.values[id]!
    const value = dag.graphValueOf[id]!
    const node = producers.get(value)
    const isPinned = id < pinned.length
    const category = isPinned
      ? stateCategory(state.get(name ?? ''))
      : inputs.has(value)
        ? 'inputs'
        : valueCategory(node)
    breakdown[category] += bytes
    const layer = (isPinned ? layerOf.get(name ?? '') : node?.site?.path) ?? ''
    byLayer[layer] = (byLayer[layer] ?? 0) + bytes
    used += bytes
  }
  breakdown.workspace = workspace
  breakdown.padding = plan.arenaBytes - used
  return { breakdown, byLayer }
}

function producersOf(graph: Graph): Map<ValueId, Node> {
  return new Map(graph.nodes.flatMap(node => node.results.map(v => [v, node] as const)))
}

/** The layer of each state: its path without the tensor's own name, and for an optimizer's that of its parameter. */
function stateLayers({ state }: Graph): Map<string, string> {
  const parameters = state.filter(s => s.role === 'parameter').map(s => s.path)
  parameters.sort((a, b) => b.length - a.length)
  const owner = (path: string): string => parameters.find(p => path.endsWith(`.${p}`)) ?? path
  return new Map(
    state.map(({ path, role }) => [path, parentOf(role === 'optimizer' ? owner(path) : path)] as const),
  )
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')))
}

function stateCategory(state: State | undefined): Category {
  if (state === undefined) return 'constants'
  return state.role === 'parameter' ? 'parameters' : state.role === 'optimizer' ? 'optimizer' : 'otherState'
}

function valueCategory(node: Node | undefined): Category {
  return node?.site?.derivative === true ? 'gradients' : 'activations'
}
