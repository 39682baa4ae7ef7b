import { factsOf } from '../bound/facts.ts'
import { Moment } from '../bound/moment.ts'
import type { Dag, DagTaskId, DagValueId } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import { trainingOrder, turningPoint } from './chain/blocks.ts'
import { large } from './size.ts'

/** What a task may leave of the budget for the DAG to be cut at it, as a share of what is not there from the start. */
const narrow = 0.06

/** A training DAG cut at a task of its backward pass beside which next to nothing can live: two DAGs over the same ids. */
export interface Halves {
  /** Up to that task. */
  readonly first: Dag
  /** From there on: what outlives the task is an input, what does not is computed again. */
  readonly second: Dag
  /** A sequence of the whole from those of its halves. */
  join(first: Int32Array, second: Int32Array): Int32Array
}

/** The DAG cut at the task that takes most, if it takes nearly all of the budget. */
export function halvesAt(model: Model, budget: number): Halves | undefined {
  const { dag, writes, producer } = model
  if (model.checkpoints.length > 0 || model.needed.length === 0) return undefined
  const moment = new Moment(factsOf(model, true))
  const bytes = new Map(model.needed.map(t => [t, moment.alone(t)]))
  const task = model.needed.reduce((a, t) => (bytes.get(t)! > bytes.get(a)! ? t : a))
  const room = budget - bytes.get(task)!
  if (room < 0 || room > narrow * (budget - model.startSize)) return undefined
  const order = trainingOrder(model)
  if (order.indexOf(task) < turningPoint(model, order)) return undefined
  const before = ancestorsOf(model, task)
  if (model.needed.some(t => before.has(t) && model.once[t] === 1)) return undefined
  const later = model.needed.filter(t => !before.has(t))
  if ((dag.next ?? []).some(n => before.has(producer[n.value]!))) return undefined
  // What is there when the task has run.
  const held = new Set<DagValueId>(writes[task])
  const { again, left } = holdOutputs(model, task, before, held, budget, room)
  // In large DAGs, nothing is looked for that might be held across.
  if (model.needed.length < large) holdInputs(model, before, later, held, left)
  const first = [...held].filter(v => !again.includes(producer[v]!))
  return {
    first: { ...dag, next: [], outputs: first },
    second: withInputs(dag, held),
    join: (a, b) => Int32Array.from([...a, ...again, ...b]),
  }
}

/** A task and all that it needs. */
function ancestorsOf(model: Model, task: DagTaskId): Set<DagTaskId> {
  const found = new Set([task])
  for (const t of found)
    for (const v of model.reads[t]!) {
      const p = model.producer[v]!
      if (p >= 0) found.add(p)
    }
  return found
}

/**
 * Outputs that are made before: held across the task if it reads them or there is room; or made again right after it by the
 * tasks that are returned, if what that takes is there; or left to the second half. `left`: of the room.
 */
function holdOutputs(
  model: Model,
  task: DagTaskId,
  before: ReadonlySet<DagTaskId>,
  held: Set<DagValueId>,
  budget: number,
  room: number,
): { again: DagTaskId[]; left: number } {
  const { size, producer, reads, writes, dag } = model
  const read = new Set<DagValueId>(reads[task])
  const there = (v: DagValueId): boolean => producer[v]! < 0 || read.has(v) || held.has(v)
  const outputs = dag.outputs.filter(v => before.has(producer[v]!) && !held.has(v))
  const again = new Set<DagTaskId>()
  let left = room
  for (const v of outputs.sort((a, b) => size[a]! - size[b]!)) {
    const p = producer[v]!
    if (read.has(v)) held.add(v)
    else if (size[v]! <= left) {
      left -= size[v]!
      held.add(v)
    } else if (reads[p]!.every(there)) {
      const live = new Set<DagValueId>([...held, ...reads[p]!, ...writes[p]!])
      if (model.pinnedSize + sizeOf(model, live) + model.workspace[p]! > budget) continue
      again.add(p)
      held.add(v)
    }
  }
  return { again: [...again], left }
}

/** Holds, as long as there is room, what saves most of what the second half would compute again. */
function holdInputs(
  model: Model,
  before: ReadonlySet<DagTaskId>,
  later: readonly DagTaskId[],
  held: Set<DagValueId>,
  room: number,
): void {
  const { size, cost, producer, reads } = model
  const outputs = model.dag.outputs.filter(v => producer[v]! >= 0 && !held.has(v))
  const wanted = [...later, ...outputs.map(v => producer[v]!)]
  /** What runs again. */
  const closure = (extra: DagValueId): Set<DagTaskId> => {
    const found = new Set<DagTaskId>()
    const want = (t: DagTaskId): void => {
      for (const v of reads[t]!)
        if (v !== extra && !held.has(v) && before.has(producer[v]!)) found.add(producer[v]!)
    }
    for (const t of wanted) if (before.has(t)) found.add(t)
    for (const t of wanted) want(t)
    for (const t of found) want(t)
    return found
  }
  for (;;) {
    const now = closure(-1)
    const sum = (tasks: ReadonlySet<DagTaskId>): number => [...tasks].reduce((n, t) => n + cost[t]!, 0)
    let [best, least] = [-1, sum(now)]
    for (const t of now)
      for (const v of model.writes[t]!) {
        if (size[v]! > room || held.has(v)) continue
        const rest = sum(closure(v))
        if (rest < least || (rest === least && best >= 0 && size[v]! < size[best]!)) [best, least] = [v, rest]
      }
    if (best < 0) return
    held.add(best)
    room -= size[best]!
  }
}

function sizeOf(model: Model, values: Iterable<DagValueId>): number {
  let sum = 0
  for (const v of values) if (model.pinned[v] === 0) sum += model.size[v]!
  return sum
}

/** The DAG with some values there from the start. */
function withInputs(dag: Dag, inputs: ReadonlySet<DagValueId>): Dag {
  const values = dag.values.map((value, v) => (inputs.has(v) ? { ...value, input: true } : value))
  const tasks = dag.tasks.map(task =>
    task.writes.some(w => inputs.has(w))
      ? {
          ...task,
          writes: task.writes.filter(w => !inputs.has(w)),
          inPlace: (task.inPlace ?? []).filter(([, w]) => !inputs.has(w)),
        }
      : task,
  )
  return { ...dag, values, tasks }
}
