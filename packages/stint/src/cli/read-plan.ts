import { type Dag, type Plan, PlanError, parsePlan, profile, type Step } from '@stint/planner'

/**
 * A plan from JSON: in full, or in the shorthand, `{compute}` and `{free}` by node, for DAGs of one value a task. What
 * the shorthand leaves unsaid is filled in from its replay, what it does say is kept. Throws PlanError.
 */
export function readPlan(dag: Dag, json: unknown): Plan {
  const steps = stepsOf(json)
  if (steps === undefined || !steps.some(step => isObject(step) && 'compute' in step)) return parsePlan(json)
  return complete(dag, steps.map(translator(dag)), isObject(json) && !Array.isArray(json) ? json : {})
}

type Fields = { readonly [name: string]: unknown }

function isObject(x: unknown): x is Fields {
  return typeof x === 'object' && x !== null
}

function stepsOf(json: unknown): readonly unknown[] | undefined {
  const steps = Array.isArray(json) ? json : isObject(json) ? json.steps : undefined
  return Array.isArray(steps) ? steps : undefined
}

/** Steps by node → steps by task. */
function translator(dag: Dag): (step: unknown, index: number) => Step {
  const producers = new Map(dag.tasks.flatMap((task, i) => task.writes.map(value => [value, i] as const)))
  return (step, index) => {
    if (!isObject(step)) throw new PlanError(index, 'it is not an object')
    if ('free' in step) return { free: known(dag, step.free, index) }
    const run = producers.get(known(dag, step.compute, index))
    if (run === undefined)
      throw new PlanError(index, `value ${step.compute} is pinned, so nothing computes it`)
    return { run }
  }
}

function known(dag: Dag, id: unknown, index: number): number {
  if (typeof id === 'number' && Object.hasOwn(dag.values, id)) return id
  throw new PlanError(index, 'there is no such node', {
    expected: `0 to ${dag.values.length - 1}`,
    got: String(id),
  })
}

function complete(dag: Dag, steps: readonly Step[], said: Fields): Plan {
  const bare: Plan = {
    pinned: [],
    steps,
    choice: [],
    peakBytes: 0,
    arenaBytes: 0,
    cost: 0,
    baseCost: 0,
    lowerBound: 0,
  }
  const pinned = dag.values.reduce((n, v) => (v.pinned === true ? n + v.bytes : n), 0)
  const peakBytes = profile(dag, bare).liveBytes.reduce((most, [, bytes]) => Math.max(most, bytes), pinned)
  const runs = steps.flatMap(step => ('run' in step ? [step.run] : []))
  const costOf = (tasks: Iterable<number>): number => [...tasks].reduce((n, t) => n + dag.tasks[t]!.cost, 0)
  const found = {
    peakBytes,
    arenaBytes: peakBytes,
    cost: costOf(runs),
    baseCost: costOf(new Set(runs)),
    lowerBound: 0,
  }
  const claims = Object.keys(found).flatMap(name =>
    typeof said[name] === 'number' ? [[name, said[name]]] : [],
  )
  return { ...bare, ...found, ...Object.fromEntries(claims) }
}
