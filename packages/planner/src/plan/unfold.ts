import { interiorOf } from '../dag/checkpoints.ts'
import type { Dag, DagCheckpoint, DagTask, DagTaskId, DagValue, DagValueId, Plan, Step } from '../dag/dag.ts'
import { modelOf } from '../dag/model.ts'
import { baseCostOf, tasksOn } from '../verify/options.ts'
import { Replay } from '../verify/replay.ts'

/** A DAG without checkpoints, and the way back from its plans. */
export interface Unfolded {
  readonly dag: Dag
  /** The plan as one of the DAG with checkpoints, which it obeys. */
  fold(plan: Plan): Plan
}

/**
 * A DAG whose plans obey the checkpoints of another: what a region drops and something reads later is computed by tasks of
 * its own, which wait for the end of the region (they read a value of no bytes from each task that ends it). The tasks of
 * the region itself then run once, so that a search decides freely about all the rest, and need not know of regions.
 * Values keep their ids, new ones come after them. Undefined where there is nothing to obey.
 */
export function unfold(dag: Dag): Unfolded | undefined {
  if (dag.checkpoints === undefined || modelOf(dag).checkpoints.length === 0) return undefined
  const unfolding = new Unfolding(dag)
  // The outer ones first: what is left to those within are readers within the outer ones.
  const bySize = [...(dag.checkpoints ?? [])].sort((a, b) => b.tasks.length - a.tasks.length)
  for (const checkpoint of bySize) unfolding.region(checkpoint)
  return unfolding.finish()
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

class Unfolding {
  readonly #dag: Dag
  readonly #needed: ReadonlySet<DagTaskId>
  readonly #values: DagValue[]
  readonly #tasks: Mutable<DagTask>[]
  /** The task and value that each is a copy of; −1 for values that only order tasks. */
  readonly #taskOf: DagTaskId[]
  readonly #valueOf: DagValueId[]
  /** Where each task stands: copies come right before their first reader. */
  readonly #rank: number[]

  constructor(dag: Dag) {
    this.#dag = dag
    this.#needed = new Set(modelOf(dag).needed)
    this.#values = [...dag.values]
    this.#tasks = dag.tasks.map(t => ({ ...t }))
    this.#taskOf = dag.tasks.map((_, t) => t)
    this.#valueOf = dag.values.map((_, v) => v)
    this.#rank = dag.tasks.map((_, t) => t)
  }

  region({ tasks: given, keeps }: DagCheckpoint): void {
    const own = [...new Set(given)].filter(t => this.#needed.has(t)).sort((a, b) => a - b)
    const isOwn = new Set(own)
    const dropped = new Set(interiorOf(this.#dag, { tasks: own, keeps }))
    const before = this.#ancestors(own)
    const readers = this.#tasks.flatMap((task, t) =>
      !isOwn.has(t) && task.reads.some(v => dropped.has(v)) ? [t] : [],
    )
    const later = readers.filter(t => !before.has(t))
    for (const t of [...own, ...readers.filter(r => before.has(r))]) this.#tasks[t]!.once = true
    if (later.length === 0) return
    const copies = this.#copy(own, dropped, later)
    for (const t of later) this.#read(this.#tasks[t]!, copies, dropped)
  }

  /** Tasks that some of `tasks` depend on. */
  #ancestors(tasks: readonly DagTaskId[]): Set<DagTaskId> {
    const producer = this.#producers()
    const found = new Set<DagTaskId>()
    const open = [...tasks]
    for (let t = open.pop(); t !== undefined; t = open.pop())
      for (const v of this.#tasks[t]!.reads)
        for (const p of producer.get(v) ?? [])
          if (!found.has(p)) {
            found.add(p)
            open.push(p)
          }
    return found
  }

  /** Copies of the tasks that compute what `later` reads of what is dropped; gives the copy of each value. */
  #copy(
    own: readonly DagTaskId[],
    dropped: ReadonlySet<DagValueId>,
    later: readonly DagTaskId[],
  ): Map<DagValueId, DagValueId> {
    const wanted = new Set(later.flatMap(t => this.#tasks[t]!.reads.filter(v => dropped.has(v))))
    const again = own
      .toSorted((a, b) => this.#rank[b]! - this.#rank[a]!)
      .filter(t => {
        if (!this.#tasks[t]!.writes.some(v => wanted.has(v))) return false
        for (const v of this.#tasks[t]!.reads) if (dropped.has(v)) wanted.add(v)
        return true
      })
      .reverse()
    const ends = this.#ends(own)
    const rank = Math.min(...later.map(t => this.#rank[t]!))
    const copies = new Map<DagValueId, DagValueId>()
    for (const t of again)
      for (const v of this.#tasks[t]!.writes) {
        if (copies.has(v) || this.#valueOf[v]! < 0) continue
        copies.set(v, this.#values.push(this.#values[v]!) - 1)
        this.#valueOf.push(this.#valueOf[v]!)
      }
    for (const [i, t] of again.entries()) {
      const { once: _, writes, ...task } = this.#tasks[t]!
      const results = writes.flatMap(v => copies.get(v) ?? [])
      const inPlace = task.inPlace?.map(([p, w]): [number, number] => [p, copies.get(w)!])
      const copy: Mutable<DagTask> = { ...task, writes: results, ...(inPlace && { inPlace }) }
      this.#read(copy, copies, dropped)
      copy.reads = [...copy.reads, ...ends]
      this.#tasks.push(copy)
      this.#taskOf.push(this.#taskOf[t]!)
      // Between the reader and what stands before it, in order.
      this.#rank.push(rank - 1 + (i + 1) / (again.length + 1))
    }
    return copies
  }

  /** Has the tasks of a region that no other of it depends on write a value each, of no bytes. */
  #ends(own: readonly DagTaskId[]): DagValueId[] {
    const read = new Set(own.flatMap(t => [...this.#tasks[t]!.reads]))
    return own.flatMap(t => {
      const task = this.#tasks[t]!
      if (task.writes.some(v => read.has(v))) return []
      const end = this.#values.push({ bytes: 0 }) - 1
      this.#valueOf.push(-1)
      task.writes = [...task.writes, end]
      return [end]
    })
  }

  /** Reads copies in the place of what is dropped. */
  #read(
    task: Mutable<DagTask>,
    copies: ReadonlyMap<DagValueId, DagValueId>,
    only: ReadonlySet<DagValueId>,
  ): void {
    const to = (v: DagValueId): DagValueId => (only.has(v) ? (copies.get(v) ?? v) : v)
    task.reads = task.reads.map(to)
    if (task.inPlace !== undefined) task.inPlace = task.inPlace.map(([p, w]) => [to(p), w])
  }

  #producers(): Map<DagValueId, DagTaskId[]> {
    const producer = new Map<DagValueId, DagTaskId[]>()
    for (const [t, { writes }] of this.#tasks.entries())
      for (const v of writes) {
        const list = producer.get(v)
        if (list === undefined) producer.set(v, [t])
        else list.push(t)
      }
    return producer
  }

  /** Tasks in an order that respects reads, as near to their ranks as may be. */
  #order(): DagTaskId[] {
    const producer = this.#producers()
    const state = new Uint8Array(this.#tasks.length)
    const order: DagTaskId[] = []
    for (const root of [...this.#tasks.keys()].sort((a, b) => this.#rank[a]! - this.#rank[b]!)) {
      const open = [root]
      while (open.length > 0) {
        const t = open[open.length - 1]!
        if (state[t] === 0) {
          state[t] = 1
          for (const v of this.#tasks[t]!.reads)
            for (const p of producer.get(v) ?? []) if (state[p] === 0) open.push(p)
          continue
        }
        open.pop()
        if (state[t] === 1) order.push(t)
        state[t] = 2
      }
    }
    return order
  }

  finish(): Unfolded {
    const order = this.#order()
    const at = new Map(order.map((t, i) => [t, i]))
    const { checkpoints: _, ...rest } = this.#dag
    const choices = this.#dag.choices?.map(c => ({
      ...c,
      options: c.options.map(o => ({
        off: this.#taskOf.flatMap((t, i) => (o.off.includes(t) ? [at.get(i)!] : [])),
      })),
    }))
    const dag: Dag = {
      ...rest,
      values: this.#values,
      tasks: order.map(t => this.#tasks[t]!),
      ...(choices && { choices }),
    }
    const taskOf = order.map(t => this.#taskOf[t]!)
    return { dag, fold: plan => fold(this.#dag, plan, dag, taskOf, this.#valueOf) }
  }
}

/** Names tasks and values as the DAG with checkpoints does. */
function fold(
  original: Dag,
  plan: Plan,
  unfolded: Dag,
  taskOf: readonly DagTaskId[],
  standsFor: readonly DagValueId[],
): Plan {
  /** Which of the values that stand for one is there. */
  const live = new Map<DagValueId, DagValueId>()
  const steps: Step[] = []
  for (const step of plan.steps) {
    if ('commit' in step) {
      steps.push(step)
      continue
    }
    if ('free' in step) {
      const v = standsFor[step.free]!
      // A result computed once more while it lived has no place of its own.
      const isOther = live.has(v) && live.get(v) !== step.free
      if (v < 0 || isOther) continue
      live.delete(v)
      steps.push({ free: v })
      continue
    }
    const { at = [], replaces = [], workspaceAt } = step
    const ended: DagValueId[] = []
    const isNew = (w: DagValueId): boolean => standsFor[w]! >= 0 && !live.has(standsFor[w]!)
    const placed = at.flatMap(([w, offset]): [number, number][] =>
      isNew(w) ? [[standsFor[w]!, offset]] : [],
    )
    const taken = replaces.flatMap(([w, p]): [number, number][] => {
      if (isNew(w)) return [[standsFor[w]!, standsFor[p]!]]
      ended.push(standsFor[p]!)
      return []
    })
    const results = unfolded.tasks[step.run]!.writes.filter(isNew)
    for (const [, p] of replaces) if (unfolded.values[p]!.pinned !== true) live.delete(standsFor[p]!)
    for (const w of results) live.set(standsFor[w]!, w)
    steps.push({
      run: taskOf[step.run]!,
      ...(placed.length > 0 && { at: placed }),
      ...(taken.length > 0 && { replaces: taken }),
      ...(workspaceAt !== undefined && { workspaceAt }),
    })
    for (const v of ended) steps.push({ free: v })
  }
  const folded = { ...plan, steps }
  const { peakBytes, arenaBytes, cost } = new Replay(original, folded).run(folded)
  const baseCost = baseCostOf(original, tasksOn(original, folded))
  return {
    ...folded,
    peakBytes,
    arenaBytes: Math.max(arenaBytes, plan.pinned.length > 0 ? plan.arenaBytes : peakBytes),
    cost,
    baseCost,
    // What the other proves holds of plans in which nothing outside reads a region before it ends.
    lowerBound: baseCost,
  }
}
