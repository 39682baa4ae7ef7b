import type { Search } from '../strategy/search/search.ts'
import type { Finished } from './finish.ts'

/** Of how many bytes a layout has too many, what share is to live less where packing fails. */
const share = 0.4
/** Where packing fails at least this share of how often it fails anywhere; and how many stages around it count, too. */
const often = 0.3
const around = 1

/**
 * A layout does not fit: where packing fails most often, less than before may live from now on, so that the search drops or moves
 * something there, and elsewhere all may stay as it is. `target`: live bytes that the search keeps to.
 */
export function makeRoom(
  search: Search,
  { plan, conflicts }: Finished,
  budget: number,
  target: number,
): void {
  const { timeline, model } = search
  const units = Math.max(1, Math.ceil((share * (plan.arenaBytes - budget)) / model.align))
  const most = Math.max(0, ...conflicts.values())
  const times = [...conflicts].flatMap(([at, count]) => (at >= 0 && count >= often * most ? [at] : []))
  times.sort((a, b) => a - b)
  const last = timeline.order.length
  const stages = new Set<number>()
  let [stage, end] = [0, timeline.runs(0).length]
  for (const at of times) {
    // Two times a run.
    while (stage < last && end <= at >> 1) end += timeline.runs(++stage).length
    for (let b = Math.max(0, stage - around); b <= Math.min(last, stage + around); b++) stages.add(b)
  }
  for (const b of stages)
    timeline.reserve(b, Math.max(0, target - timeline.profile.at(b)) + units * model.align)
}
