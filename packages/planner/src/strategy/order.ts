import type { Dag, DagTaskId } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import { Ranking } from './ranking.ts'
import { readersOf } from './readers.ts'
import { Simulation } from './simulate.ts'
import { huge } from './size.ts'
import { Timeline } from './timeline/timeline.ts'

/** Most stages that are looked at to improve an order; larger DAGs make do with the heuristics. */
const work = 2e5
/** How far one move of a task goes, in stages. */
const far = 300

/** What has been found, by DAG and picked options: a ladder and what makes the most of a rung ask for the same. */
const found = new WeakMap<Dag, Map<string, readonly (readonly DagTaskId[])[]>>()

/**
 * Orders to recompute in: first that of least memory which the heuristics find, every task once; then plainer ones, which
 * keep less for long. Distinct.
 */
export function baseOrders(model: Model): readonly (readonly DagTaskId[])[] {
  const known = found.get(model.dag) ?? new Map<string, readonly (readonly DagTaskId[])[]>()
  found.set(model.dag, known)
  const key = model.choice.join()
  const orders = known.get(key) ?? find(model)
  known.set(key, orders)
  return orders
}

/** By how much another order than the file's must be better for a large DAG. */
const worthwhile = 0.97

/**
 * An order for a large DAG, found in little time: the file's; or, if much less lives in it, one in which each task has moved to
 * where it lives cheapest, or depth first from the outputs.
 */
export function quickOrder(model: Model): readonly DagTaskId[] {
  const simulation = new Simulation(model)
  const measure = (order: readonly DagTaskId[]): number => {
    const peak = simulation.run(Int32Array.from(order), order.length)
    const { memory, length } = simulation
    const area = memory.subarray(0, length).reduce((n, bytes) => n + bytes, 0)
    return judged(peak, area, length)
  }
  const sweeps = model.needed.length < huge ? 2 : 1
  let best = { order: model.needed, measure: worthwhile * measure(model.needed) }
  for (const first of [slideOnce(model, model.needed), depthFirst(model)])
    for (let [order, left] = [first, sweeps]; left > 0; left--) {
      const found = measure(order)
      if (found >= best.measure) break
      best = { order, measure: found }
      if (left > 1) order = slideOnce(model, order)
    }
  return best.order
}

function find(model: Model): (readonly DagTaskId[])[] {
  const file = model.needed
  const slid = slide(model, file, 6)
  const listed = greedy(model, file)
  let best = new Timeline(model, file)
  for (const order of [slid, listed, slide(model, listed, 6), depthFirst(model)]) {
    const timeline = new Timeline(model, order)
    if (measure(timeline) < measure(best)) best = timeline
  }
  settle(best)
  const orders: (readonly DagTaskId[])[] = [best.tasks()]
  for (const order of [slid, file])
    if (!orders.some(o => o.every((t, i) => t === order[i]))) orders.push(order)
  return orders
}

function measure(timeline: Timeline): number {
  return judged(timeline.peak, timeline.profile.area, timeline.order.length)
}

/**
 * Judges an order by its peak and by its mean, in bytes. The peak alone would favour orders that save a little there and
 * keep much alive elsewhere, which recomputation then has to pay for.
 */
function judged(peak: number, area: number, length: number): number {
  return peak + (2 * area) / Math.max(1, length)
}

/** Moves single tasks to other places between their inputs and their readers as long as that helps. */
function settle(timeline: Timeline): void {
  const { order, stageOf } = timeline
  let least = measure(timeline)
  let left = work
  const tasks = order.slice()
  for (let moved = true; moved && left > 0; ) {
    moved = false
    for (const t of tasks) {
      const at = stageOf[t]!
      const [first, last] = timeline.range(at, far)
      for (const to of new Set([at - 1, at + 1, first, last])) {
        if (to === at || to < first || to > last) continue
        timeline.begin()
        timeline.move(at, to)
        left -= 2 * Math.abs(to - at) + 2
        const found = measure(timeline)
        if (found >= least) {
          timeline.rollback()
          continue
        }
        timeline.commit()
        least = found
        moved = true
        break
      }
      if (left <= 0) return
    }
  }
}

/**
 * Moves each task to where it lives cheapest: as late as its first reader allows if its results outweigh the inputs that
 * die with it, else as early as its inputs allow. Sweeps until nothing moves, at most `sweeps` times.
 */
function slide(model: Model, order: readonly DagTaskId[], sweeps: number): DagTaskId[] {
  let current = [...order]
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const next = slideOnce(model, current)
    if (next.every((t, i) => t === current[i])) break
    current = next
  }
  return current
}

function slideOnce(model: Model, order: readonly DagTaskId[]): DagTaskId[] {
  const at = new Float64Array(model.cost.length).fill(-1)
  for (const [i, t] of order.entries()) at[t] = i
  const readers = readersOf(model, order)
  const lastRead = new Float64Array(model.size.length)
  for (const [i, t] of order.entries()) for (const v of model.reads[t]!) lastRead[v] = i
  const key = new Float64Array(model.cost.length)
  for (const t of order) {
    let earliest = -1
    let dying = 0
    for (const v of model.reads[t]!) {
      const p = model.producer[v]!
      if (p >= 0) earliest = Math.max(earliest, at[p]!)
      if (model.pinned[v] === 1 || model.output[v] === 1) continue
      if (lastRead[v]! <= at[t]!) dying += model.size[v]!
    }
    let latest = order.length
    let made = 0
    for (const w of model.writes[t]!) {
      for (const r of readers[w]!) latest = Math.min(latest, at[r]!)
      const buffer = model.bufferOf[w]!
      if (buffer < 0) made += model.size[w]!
      else {
        // It goes straight into its buffer once the old content is read.
        const old = readers[buffer]!.filter(r => r !== t).reduce((n, r) => Math.max(n, at[r]!), -1)
        earliest = Math.max(earliest, old)
      }
    }
    if (made > dying) key[t] = latest < order.length ? latest - 0.5 : at[t]!
    else if (made < dying) key[t] = earliest + 0.5
    else key[t] = at[t]!
  }
  return topological(model, order, key)
}

/** The order by key, as far as reads allow. */
function topological(model: Model, order: readonly DagTaskId[], key: Float64Array): DagTaskId[] {
  const { waiting, release } = waitingOf(model, order)
  // Of equal keys, what came before comes first.
  const sorted = order.toSorted((a, b) => key[a]! - key[b]!)
  const place = new Int32Array(model.cost.length)
  for (const [i, t] of sorted.entries()) place[t] = i
  const ready = new Ranking(order.length)
  const pushed: DagTaskId[] = []
  const push = (t: DagTaskId): void => {
    pushed.push(t)
    ready.push(-place[t]!)
  }
  for (const t of order) if (waiting[t] === 0) push(t)
  const result: DagTaskId[] = []
  for (let i = ready.pop(); i >= 0; i = ready.pop()) {
    const t = pushed[i]!
    result.push(t)
    release(t, push)
  }
  return result
}

/**
 * Depth first from the outputs, first what needs most beyond what it leaves: of trees, the order of least memory (Sethi and Ullman
 * 1970; Liu 1986).
 */
function depthFirst(model: Model): DagTaskId[] {
  const { reads, writes, producer, size, workspace, needed, dag } = model
  const need = new Float64Array(model.cost.length)
  const made = new Float64Array(model.cost.length)
  const inputs = (t: DagTaskId): DagTaskId[] =>
    [...new Set(reads[t]!.map(v => producer[v]!))]
      .filter(p => p >= 0)
      .sort((a, b) => need[b]! - made[b]! - (need[a]! - made[a]!))
  for (const t of needed) {
    for (const w of writes[t]!) made[t]! += size[w]!
    let held = 0
    for (const p of inputs(t)) {
      need[t] = Math.max(need[t]!, held + need[p]!)
      held += made[p]!
    }
    need[t] = Math.max(need[t]!, held + made[t]! + workspace[t]!)
  }
  const order: DagTaskId[] = []
  const seen = new Uint8Array(model.cost.length)
  const open: { readonly task: DagTaskId; readonly inputs: DagTaskId[]; at: number }[] = []
  const enter = (t: DagTaskId): void => {
    if (seen[t] === 1) return
    seen[t] = 1
    open.push({ task: t, inputs: inputs(t), at: 0 })
  }
  for (const v of [...dag.outputs, ...(dag.next ?? []).map(n => n.value)]) {
    if (producer[v]! >= 0) enter(producer[v]!)
    while (open.length > 0) {
      const last = open.at(-1)!
      if (last.at < last.inputs.length) enter(last.inputs[last.at++]!)
      else order.push(open.pop()!.task)
    }
  }
  return order
}

/** List scheduling: of the tasks that are ready, the one that leaves the fewest bytes alive; ties in the given order. */
function greedy(model: Model, order: readonly DagTaskId[]): DagTaskId[] {
  const position = new Map(order.map((t, i) => [t, i]))
  const readersLeft = new Int32Array(model.size.length)
  for (const t of order) for (const v of model.reads[t]!) readersLeft[v]!++
  const { waiting, release } = waitingOf(model, order)
  const change = (t: DagTaskId): number => {
    let bytes = 0
    for (const w of model.writes[t]!)
      if (model.bufferOf[w]! < 0 || readersLeft[model.bufferOf[w]!]! > 1) bytes += model.size[w]!
    for (const v of model.reads[t]!)
      if (readersLeft[v] === 1 && model.pinned[v] === 0 && model.output[v] === 0) bytes -= model.size[v]!
    return bytes
  }
  const ready = new Set(order.filter(t => waiting[t] === 0))
  const result: DagTaskId[] = []
  while (ready.size > 0) {
    let best = -1
    let least = Number.POSITIVE_INFINITY
    // A look at some of them suffices: the oldest come first.
    let looked = 0
    for (const t of ready) {
      const bytes = change(t)
      if (bytes < least || (bytes === least && position.get(t)! < position.get(best)!))
        [best, least] = [t, bytes]
      if (++looked >= 256) break
    }
    ready.delete(best)
    result.push(best)
    for (const v of model.reads[best]!) readersLeft[v]!--
    release(best, r => ready.add(r))
  }
  return result
}

/** How many inputs each task waits for; and what a task gives to those that read its results, which then may be ready. */
function waitingOf(
  model: Model,
  order: readonly DagTaskId[],
): { waiting: Int32Array; release(t: DagTaskId, ready: (reader: DagTaskId) => void): void } {
  const readers = readersOf(model, order)
  const waiting = new Int32Array(model.cost.length)
  for (const t of order) for (const v of model.reads[t]!) if (model.producer[v]! >= 0) waiting[t]!++
  return {
    waiting,
    release(t, ready) {
      for (const w of model.writes[t]!) for (const r of readers[w]!) if (--waiting[r]! === 0) ready(r)
    },
  }
}
