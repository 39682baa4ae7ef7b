import { DagError } from '../errors.ts'
import type { Dag, DagCheckpoint, DagTaskId, DagValueId } from './dag.ts'

/** A checkpoint of a DAG, as a search needs it. */
export interface Checkpoint {
  /** Its tasks that are needed, in file order. */
  readonly tasks: readonly DagTaskId[]
  /** What they write and the checkpoint does not keep: dropped when each of them has run. */
  readonly interior: readonly DagValueId[]
}

/** Checks the checkpoints of a DAG; gives those that drop something, given the tasks that are needed. Throws DagError. */
export function checkpointsOf(dag: Dag, needed: readonly DagTaskId[]): Checkpoint[] {
  if (dag.checkpoints === undefined) return []
  const isNeeded = new Set(needed)
  const lasting = new Set([...dag.outputs, ...(dag.next ?? []).map(n => n.value)])
  for (const [i, checkpoint] of dag.checkpoints.entries()) check(dag, i, checkpoint, lasting)
  checkNesting(dag, dag.checkpoints)
  return dag.checkpoints
    .map((checkpoint): Checkpoint => {
      const tasks = [...new Set(checkpoint.tasks)].filter(t => isNeeded.has(t)).sort((a, b) => a - b)
      return { tasks, interior: interiorOf(dag, { ...checkpoint, tasks }) }
    })
    .filter(c => c.interior.length > 0)
}

/** The values that the tasks of a checkpoint write and that it does not keep. */
export function interiorOf(dag: Dag, { tasks, keeps }: DagCheckpoint): DagValueId[] {
  const kept = new Set(keeps)
  return [...new Set(tasks.flatMap(t => dag.tasks[t]!.writes))].filter(v => !kept.has(v))
}

function check(dag: Dag, i: number, checkpoint: DagCheckpoint, lasting: ReadonlySet<DagValueId>): void {
  for (const t of checkpoint.tasks)
    if (dag.tasks[t] === undefined)
      throw new DagError(`checkpoint ${i} names an unknown task`, { got: String(t) })
  const written = new Set(checkpoint.tasks.flatMap(t => dag.tasks[t]!.writes))
  for (const v of checkpoint.keeps)
    if (!written.has(v)) throw new DagError(`checkpoint ${i} keeps value ${v}, which its tasks do not write`)
  const kept = new Set(checkpoint.keeps)
  const hint = 'List it in keeps.'
  for (const t of checkpoint.tasks)
    for (const v of dag.tasks[t]!.writes) {
      if (kept.has(v)) continue
      if (lasting.has(v))
        throw new DagError(`checkpoint ${i} drops value ${v}, which is an output or a successor`, { hint })
      if (dag.tasks[t]!.once === true)
        throw new DagError(`checkpoint ${i} drops value ${v}, whose task ${t} must run once`, { hint })
    }
}

/** Two regions lie apart, or one within the other, which keeps what it computes of what the outer one keeps. */
function checkNesting(dag: Dag, checkpoints: readonly DagCheckpoint[]): void {
  const around = new Map<DagTaskId, number>()
  const order = [...checkpoints.keys()].sort(
    (a, b) => checkpoints[b]!.tasks.length - checkpoints[a]!.tasks.length,
  )
  for (const i of order) {
    const { tasks } = checkpoints[i]!
    const outer = around.get(tasks[0] ?? -1)
    const other = tasks.find(t => around.get(t) !== outer)
    if (other !== undefined)
      throw new DagError(`checkpoint ${i} overlaps another in part`, {
        expected: 'regions apart from each other, or one within the other',
        got: `tasks ${tasks[0]} and ${other}, of which one is in checkpoint ${outer ?? around.get(other)}`,
      })
    const outerKeeps = new Set(outer === undefined ? [] : checkpoints[outer]!.keeps)
    const lost = interiorOf(dag, checkpoints[i]!).find(v => outerKeeps.has(v))
    if (lost !== undefined)
      throw new DagError(`checkpoint ${i} drops value ${lost}, which checkpoint ${outer} around it keeps`, {
        hint: 'List it in keeps.',
      })
    for (const t of tasks) around.set(t, i)
  }
}
