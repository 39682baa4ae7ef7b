import type { Dag } from '../dag/dag.ts'
import { modelOf } from '../dag/model.ts'

/**
 * Live bytes at the peak of the plainest schedule: every needed task once, in file order, each value freed after its last
 * reader, nothing in place. Percentages of a file's memory mean this. Throws DagError.
 */
export function storeAllPeak(dag: Dag): number {
  const model = modelOf(dag)
  const last = new Int32Array(dag.values.length).fill(-1)
  for (const [i, t] of model.needed.entries())
    for (const v of [...model.reads[t]!, ...model.writes[t]!]) last[v] = i
  const keeps = (v: number): boolean =>
    model.pinned[v] === 1 || model.output[v] === 1 || model.bufferOf[v]! >= 0
  let live = 0
  for (const value of dag.values) if (value.pinned === true || value.input === true) live += value.bytes
  let peak = live
  for (const [i, t] of model.needed.entries()) {
    for (const w of model.writes[t]!) live += dag.values[w]!.bytes
    peak = Math.max(peak, live + (dag.tasks[t]!.workspace ?? 0))
    for (const v of new Set([...model.reads[t]!, ...model.writes[t]!]))
      if (last[v] === i && !keeps(v)) live -= dag.values[v]!.bytes
  }
  return peak
}
