import type { DagTaskId } from '../dag/dag.ts'
import type { Effort } from '../effort.ts'
import { CutNetwork } from './cut-network.ts'
import type { Facts } from './facts.ts'
import type { Moment } from './moment.ts'

/** Most tasks that are looked at. */
const most = 600

interface Look {
  readonly task: DagTaskId
  /** Bytes by which it exceeds the budget to keep all that is read later. */
  readonly excess: number
  /** Bytes that live during it in any case. */
  readonly fixed: number
}

/**
 * Tasks at whose first run the budget may force something to be repeated, the likeliest first: by turns, the one that most
 * must be kept across and the one that needs most itself. Of large DAGs, those at which most lives in file order are looked
 * at, spread over all of it, then their neighbours; no more than a quarter of the effort goes into it.
 */
export function candidates(moment: Moment, budget: number, effort: Effort): DagTaskId[] {
  const { facts } = moment
  const { needed } = facts.model
  const each = 4 * (moment.side.length + moment.charge.length + facts.readers.length)
  const count = Math.max(8, Math.min(most, Math.floor(effort.left / 4 / each)))
  const looks = new Map<number, Look>()
  const look = (i: number): Look | undefined => {
    const task = needed[i]
    if (task === undefined || looks.has(i)) return looks.get(i)
    moment.at(task)
    const network = new CutNetwork(moment)
    const excess = network.keepAll(effort.left) + moment.fixedBytes - budget
    effort.left -= each + network.preflow.work
    const found = { task, excess, fixed: moment.fixedBytes }
    looks.set(i, found)
    return found
  }
  if (needed.length <= count) for (let i = 0; i < needed.length; i++) look(i)
  else {
    const from = effort.left
    for (const i of hungriest(facts, Math.ceil(count / 2))) if (effort.left >= 0.8 * from) look(i)
    // Up to the top from the best of them, in ever smaller steps.
    let [at] = [...looks].reduce((a, b) => (b[1].excess > a[1].excess ? b : a))
    for (
      let step = Math.ceil(needed.length / count);
      step >= 1 && looks.size < count;
      step = Math.floor(step / 2)
    )
      for (const i of [at - step, at + step]) if ((look(i)?.excess ?? 0) > looks.get(at)!.excess) at = i
  }
  const open = [...looks.values()].filter(l => l.excess > 0)
  const lists = [open.toSorted((a, b) => b.excess - a.excess), open.toSorted((a, b) => b.fixed - a.fixed)]
  return [...new Set(open.flatMap((_, i) => lists.map(list => list[i]!.task)))]
}

/** Positions in file order at which most lives while nothing is repeated: one of each stretch, and the top. */
function hungriest({ model, size, workspace, first }: Facts, count: number): number[] {
  const { needed } = model
  const left = new Int32Array(size.length)
  for (let v = 0; v < size.length; v++) left[v] = first[v + 1]! - first[v]!
  const stretch = Math.ceil(needed.length / count)
  const found: number[] = []
  let [live, most] = [0, -1]
  for (const [i, t] of needed.entries()) {
    for (const w of model.writes[t]!) if (model.bufferOf[w]! < 0) live += size[w]!
    if (i % stretch === 0) most = -1
    if (live + workspace[t]! > most) {
      if (most >= 0) found.pop()
      most = live + workspace[t]!
      found.push(i)
    }
    for (const v of model.reads[t]!)
      if (--left[v]! === 0 && model.pinned[v] === 0 && model.output[v] === 0 && model.bufferOf[v]! < 0)
        live -= size[v]!
  }
  return found
}
