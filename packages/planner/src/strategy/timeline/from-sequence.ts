import type { DagTaskId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { type Drops, Timeline } from './timeline.ts'

/**
 * A sequence of runs as stages: first runs in their order, and what runs again before each as drops of its stage. Where a
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
  const drops: Drops = []
  let [stage, waiting] = [0, [] as DagTaskId[]]
  for (const [i, runs] of again.entries()) {
    waiting.push(...runs)
    const t = order[i]
    // Updates are no stages: what runs again before one belongs to the next stage.
    if (t !== undefined && timeline.stageOf[t]! < 0) continue
    for (const r of waiting)
      for (const w of model.writes[r]!) if (timeline.droppable(w)) drops.push([w, stage])
    stage++
    waiting = []
  }
  timeline.load({ order: timeline.order.slice(), drops })
  return timeline
}
