import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'

/**
 * Most bytes alive while tasks run one after the other. `there` is alive at the start; what is `beside` counts elsewhere; what
 * is in `stays` is not freed after its last reader. Successors go into their buffers.
 */
export function peakOf(
  model: Model,
  runs: readonly DagTaskId[],
  there: Iterable<DagValueId>,
  beside: (v: DagValueId) => boolean,
  stays: (v: DagValueId) => boolean,
): number {
  const last = new Map<DagValueId, number>()
  for (const [i, t] of runs.entries()) {
    for (const w of model.writes[t]!) last.set(w, Math.max(i, last.get(w) ?? 0))
    for (const v of model.reads[t]!) last.set(v, i)
  }
  const live = new Set<DagValueId>()
  let bytes = 0
  const counts = (v: DagValueId): boolean => model.pinned[v] === 0 && model.bufferOf[v]! < 0 && !beside(v)
  const add = (v: DagValueId): void => {
    if (live.has(v) || !counts(v)) return
    live.add(v)
    bytes += model.size[v]!
  }
  const drop = (v: DagValueId): void => {
    if (live.delete(v)) bytes -= model.size[v]!
  }
  for (const v of there) add(v)
  let peak = bytes
  for (const [i, t] of runs.entries()) {
    const ends = (v: DagValueId): boolean => last.get(v) === i && !stays(v) && live.has(v)
    let placed = 0
    const taken = new Set<DagValueId>()
    for (const [place, w] of model.inPlace[t]!)
      if (ends(place) && !taken.has(place) && !taken.has(w) && !live.has(w) && counts(w)) {
        taken.add(place).add(w)
        placed += model.size[w]!
      }
    for (const w of model.writes[t]!) add(w)
    peak = Math.max(peak, bytes - placed + model.workspace[t]!)
    for (const v of [...model.reads[t]!, ...model.writes[t]!]) if (ends(v)) drop(v)
  }
  return peak
}

/** Of `tasks`, in order, those that `wanted` values need, given what is `there`. */
export function tasksFor(
  model: Model,
  tasks: readonly DagTaskId[],
  wanted: Iterable<DagValueId>,
  there: (v: DagValueId) => boolean,
): DagTaskId[] {
  const need = new Set<DagValueId>()
  for (const v of wanted) if (!there(v)) need.add(v)
  const found: DagTaskId[] = []
  for (let i = tasks.length - 1; i >= 0; i--) {
    const t = tasks[i]!
    if (!model.writes[t]!.some(w => need.has(w))) continue
    found.push(t)
    for (const v of model.reads[t]!) if (!there(v)) need.add(v)
  }
  return found.reverse()
}

/** Tasks in order, before each those of `again` that make what it reads. */
export function interleaved(
  model: Model,
  tasks: readonly DagTaskId[],
  again: readonly DagTaskId[],
): DagTaskId[] {
  const waiting = new Set(again)
  const runs: DagTaskId[] = []
  // Not by recursion: chains of them are long.
  const open: DagTaskId[] = []
  for (const t of tasks) {
    open.push(t)
    while (open.length > 0) {
      const last = open.at(-1)!
      const missing = model.reads[last]!.find(v => waiting.delete(model.producer[v]!))
      if (missing !== undefined) open.push(model.producer[missing]!)
      else runs.push(open.pop()!)
    }
  }
  return runs
}

export function costOf(model: Model, tasks: readonly DagTaskId[]): number {
  return tasks.reduce((n, t) => n + model.cost[t]!, 0)
}
