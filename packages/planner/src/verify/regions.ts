import type { Dag, DagTaskId, DagValueId, Plan } from '../dag/dag.ts'
import { PlanError } from '../errors.ts'

/** A checkpoint while a plan is followed. */
interface Region {
  readonly index: number
  /** Tasks that the plan runs and that have not run yet. */
  readonly open: Set<DagTaskId>
  readonly dropped: readonly DagValueId[]
}

/** Holds a plan to the checkpoints of its DAG: when the last task of a region has run, what it does not keep goes. */
export class Regions {
  readonly #of = new Map<DagTaskId, Region[]>()
  /** Those of which the last task has run just now. */
  #closing: Region[] = []

  constructor(dag: Dag, plan: Plan) {
    if (dag.checkpoints === undefined) return
    const runs = new Set(plan.steps.flatMap(s => ('run' in s ? [s.run] : [])))
    for (const [index, { tasks, keeps }] of dag.checkpoints.entries()) {
      const open = new Set(tasks.filter(t => runs.has(t)))
      const kept = new Set(keeps)
      const dropped = [...open].flatMap(t => (dag.tasks[t]?.writes ?? []).filter(v => !kept.has(v)))
      for (const t of open) this.#of.set(t, [...(this.#of.get(t) ?? []), { index, open, dropped }])
    }
  }

  /** Before step `i` runs a task: what regions that ended with the run before it drop must not live. Throws PlanError. */
  before(i: number, live: { has(v: DagValueId): boolean }): void {
    for (const { index, dropped } of this.#closing)
      for (const v of dropped)
        if (live.has(v)) throw new PlanError(i, `value ${v} outlives checkpoint ${index}, which drops it`)
    this.#closing = []
  }

  /** A task has run. */
  ran(task: DagTaskId): void {
    for (const region of this.#of.get(task) ?? [])
      if (region.open.delete(task) && region.open.size === 0) this.#closing.push(region)
  }
}
