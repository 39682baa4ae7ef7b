import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { Timeline } from './timeline.ts'

/**
 * A sequence of runs as stages: first runs in their order, and what runs again as drops of the first stage that needs it. Where a
 * sequence is no schedule in stages (a value is computed twice between two first runs, or kept for a run that needs none of
 * it) the result is another schedule.
 */
export function fromSequence(model: Model, sequence: Int32Array): Timeline {
  const seen = new Uint8Array(model.cost.length)
  const order: DagTaskId[] = []
  /** Runs again before the first run at this index of `order`. */
  const again: DagTaskId[][] = [[]]
  for (const t of sequence) {
    if (seen[t] === 1) {
      again.at(-1)!.push(t)
      continue
    }
    seen[t] = 1
    order.push(t)
    again.push([])
  }
  // What the sequence leaves out, such as updates that read nothing of it, comes last.
  for (const t of model.needed) {
    if (seen[t] === 1) continue
    order.push(t)
    again.push([])
  }
  const timeline = new Timeline(model, order)
  const drops: [number, number][] = []
  /** What has run again but is not needed yet, by value. */
  const waiting = new Map<DagValueId, DagTaskId>()
  const take = (values: ArrayLike<DagValueId>, stage: number): void => {
    const open = [values]
    for (let list = open.pop(); list !== undefined; list = open.pop())
      for (let k = 0; k < list.length; k++) {
        const t = waiting.get(list[k]!)
        if (t === undefined) continue
        for (const w of model.writes[t]!) {
          waiting.delete(w)
          if (timeline.droppable(w)) drops.push([w, stage])
        }
        open.push(model.reads[t]!)
      }
  }
  let stage = 0
  for (const [i, runs] of again.entries()) {
    for (const r of runs) for (const w of model.writes[r]!) waiting.set(w, r)
    const t = order[i]
    // Updates are no stages.
    if (t !== undefined && timeline.stageOf[t]! < 0) continue
    take(t === undefined ? timeline.updates.finals : model.reads[t]!, stage++)
  }
  timeline.load({ order: timeline.order.slice(), drops })
  return timeline
}
