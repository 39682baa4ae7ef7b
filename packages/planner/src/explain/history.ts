import type { Dag, DagTaskId, DagValueId, Plan } from '../dag/dag.ts'
import { tasksOn } from '../verify/options.ts'
import { type Lifetime, lifetimesOf } from './lifetimes.ts'

/** What it would take to have a value again at some moment. */
export interface Again {
  readonly cost: number
  /** Tasks that would run. */
  readonly tasks: number
}

/** How far back a recomputation is followed, in tasks. */
const far = 64

/** Runs of which the most bytes are known at once. */
const span = 256

/** What lived when during a plan, to ask questions about. */
export class History {
  readonly dag: Dag
  readonly runs: ReturnType<typeof lifetimesOf>['runs']
  readonly list: readonly Lifetime[]
  /** Bytes alive during each run. */
  readonly live: readonly number[]
  readonly #of = new Map<DagValueId, Lifetime[]>()
  readonly #producer = new Map<DagValueId, DagTaskId>()
  /** Most bytes alive during each `span` of runs. */
  readonly #most: number[] = []
  /** Pinned value → the run from which on its content is another. */
  readonly #changed = new Map<DagValueId, number>()

  constructor(dag: Dag, plan: Plan, live: readonly number[]) {
    this.dag = dag
    this.live = live
    for (let i = 0; i < live.length; i += span) this.#most.push(Math.max(...live.slice(i, i + span)))
    const { list, runs } = lifetimesOf(dag, plan)
    this.list = list
    this.runs = runs
    for (const life of list) {
      const all = this.#of.get(life.value)
      if (all === undefined) this.#of.set(life.value, [life])
      else all.push(life)
    }
    const on = tasksOn(dag, plan)
    for (const [t, task] of dag.tasks.entries())
      if (on[t] === 1) for (const w of task.writes) this.#producer.set(w, t)
    const bufferOf = new Map((dag.next ?? []).map(n => [n.value, n.pinned]))
    for (const life of list) {
      const buffer = life.buffer ?? (life.end === 'committed' ? bufferOf.get(life.value) : undefined)
      if (buffer !== undefined) this.#changed.set(buffer, life.buffer === undefined ? life.to : life.from)
    }
  }

  /** Stays of values that were computed, by value. */
  *computed(): Generator<readonly Lifetime[]> {
    for (const stays of this.#of.values()) if (stays[0]!.task >= 0) yield stays
  }

  /** Whether the value can be read at that run. */
  isThere(value: DagValueId, run: number): boolean {
    const changed = this.#changed.get(value)
    if (changed !== undefined && changed < run) return false
    return (this.#of.get(value) ?? []).some(l => l.from < run && (l.to >= run || l.end === 'committed'))
  }

  /** Most bytes alive between two runs, both left out; 0 if there is nothing between. */
  fullest(from: number, to: number): number {
    let most = 0
    for (let i = from + 1; i < to; ) {
      const whole = i % span === 0 && i + span <= to
      most = Math.max(most, whole ? this.#most[i / span]! : this.live[i]!)
      i += whole ? span : 1
    }
    return most
  }

  /**
   * What it would take to compute a value again for a run, from what is there then. Undefined where it cannot be: an
   * input is gone, or a task must run once; or where it takes more than a few dozen tasks.
   */
  again(value: DagValueId, run: number): Again | undefined {
    const open = [value]
    const tasks = new Set<DagTaskId>()
    let cost = 0
    while (open.length > 0) {
      const t = this.#producer.get(open.pop()!)
      if (t === undefined || this.dag.tasks[t]!.once === true || tasks.size === far) return undefined
      if (tasks.has(t)) continue
      tasks.add(t)
      cost += this.dag.tasks[t]!.cost
      for (const v of this.dag.tasks[t]!.reads) if (!this.isThere(v, run)) open.push(v)
    }
    return { cost, tasks: tasks.size }
  }
}
