import type { DagTaskId } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'

/** Of the tasks, those that read each value, in their order. */
export function readersOf(model: Model, tasks: readonly DagTaskId[]): readonly (readonly DagTaskId[])[] {
  const readers: DagTaskId[][] = Array.from({ length: model.size.length }, () => [])
  for (const t of tasks) for (const v of model.reads[t]!) readers[v]!.push(t)
  return readers
}
