import type { Dag, Plan, Step } from '../dag/dag.ts'
import { modelOf } from '../dag/model.ts'

/**
 * The plainest plan without offsets that obeys checkpoints: file order, nothing freed but what a checkpoint drops when
 * it ends, which is computed again where something reads it. `spared` values are not freed then, which is wrong. What
 * the plan says of its bytes and cost is zero.
 */
export function obedientPlan(dag: Dag, spared: ReadonlySet<number> = new Set()): Plan {
  const { needed, producer, choice, baseCost } = modelOf(dag)
  const steps: Step[] = []
  const live = new Set<number>()
  const done = new Set<number>()
  const run = (t: number): void => {
    for (const v of dag.tasks[t]!.reads) if (producer[v]! >= 0 && !live.has(v)) run(producer[v]!)
    steps.push({ run: t })
    for (const v of dag.tasks[t]!.writes) live.add(v)
    if (done.has(t)) return
    done.add(t)
    for (const { tasks, keeps } of dag.checkpoints ?? []) {
      const part = tasks.filter(other => needed.includes(other))
      if (!part.includes(t) || !part.every(other => done.has(other))) continue
      for (const v of new Set(part.flatMap(other => dag.tasks[other]!.writes)))
        if (!keeps.includes(v) && !spared.has(v) && live.delete(v)) steps.push({ free: v })
    }
  }
  for (const t of needed) if (!done.has(t)) run(t)
  for (const v of dag.outputs) if (producer[v]! >= 0 && !live.has(v)) run(producer[v]!)
  for (const { pinned, value } of dag.next ?? []) {
    if (!live.has(value)) run(producer[value]!)
    steps.push({ commit: pinned })
  }
  return { pinned: [], steps, choice, peakBytes: 0, arenaBytes: 0, cost: 0, baseCost, lowerBound: 0 }
}
