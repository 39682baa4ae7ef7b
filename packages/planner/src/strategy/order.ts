import type { DagTaskId } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import { Simulation } from './simulate.ts'
import { Stages, updatesOf } from './stages.ts'

/** Most steps that are simulated to improve an order; larger DAGs make do with the heuristics. */
const work = 4e6

/**
 * Orders to recompute in: first that of least memory which the heuristics find, every task once; then plainer ones, which
 * keep less for long. Distinct.
 */
export function baseOrders(model: Model): (readonly DagTaskId[])[] {
  const trial = new Trial(model)
  const file = model.needed
  const slid = slide(model, file, 6)
  const listed = greedy(model, file)
  let best = file
  let least = trial.measure(file)
  for (const order of [slid, listed, slide(model, listed, 6)]) {
    const found = trial.measure(order)
    if (found < least) [best, least] = [order, found]
  }
  const orders = [settle(model, trial, best, least)]
  for (const order of [slid, file])
    if (!orders.some(o => o.every((t, i) => t === order[i]))) orders.push(order)
  return orders
}

/**
 * Judges an order by its peak and by its mean, in bytes. The peak alone would favour orders that save a little there and
 * keep much alive elsewhere, which recomputation then has to pay for.
 */
type Measure = number

/** Simulates orders. */
class Trial {
  readonly #model: Model
  readonly #simulation: Simulation
  steps = 0

  constructor(model: Model) {
    this.#model = model
    this.#simulation = new Simulation(model)
  }

  measure(order: readonly DagTaskId[]): Measure {
    const stages = new Stages(this.#model, order)
    const length = stages.build()
    const peak = this.#simulation.run(stages.sequence, length)
    this.steps += length
    return peak + (2 * this.#simulation.excess(0)) / Math.max(1, length)
  }
}

/** Moves single tasks to other places between their inputs and their readers as long as that helps. */
function settle(
  model: Model,
  trial: Trial,
  order: readonly DagTaskId[],
  start: Measure,
): readonly DagTaskId[] {
  let current = [...order]
  let least = start
  const updates = updatesOf(model)
  for (let moved = true; moved && trial.steps < work; ) {
    moved = false
    for (const t of order) {
      if (updates[t] === 1) continue
      const at = current.indexOf(t)
      for (const to of placesFor(model, current, at)) {
        if (trial.steps >= work) return current
        const next = [...current]
        next.splice(at, 1)
        next.splice(to > at ? to - 1 : to, 0, t)
        const found = trial.measure(next)
        if (found >= least) continue
        ;[current, least, moved] = [next, found, true]
        break
      }
    }
  }
  return current
}

/** Where the task at `at` may stand instead: a step either way, and next to its last input or first reader. */
function placesFor(model: Model, order: readonly DagTaskId[], at: number): number[] {
  const t = order[at]!
  let earliest = 0
  for (let i = at - 1; i >= 0; i--)
    if (model.writes[order[i]!]!.some(w => model.reads[t]!.includes(w))) {
      earliest = i + 1
      break
    }
  let latest = order.length
  for (let i = at + 1; i < order.length; i++)
    if (model.reads[order[i]!]!.some(v => model.writes[t]!.includes(v))) {
      latest = i
      break
    }
  const places = [at - 1, at + 2, earliest, latest]
  return [...new Set(places)].filter(p => p >= earliest && p <= latest && p !== at && p !== at + 1)
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
  const readers: number[][] = Array.from({ length: model.size.length }, () => [])
  for (const t of order) for (const v of model.reads[t]!) readers[v]!.push(t)
  const key = new Float64Array(model.cost.length)
  for (const t of order) {
    let earliest = -1
    let dying = 0
    for (const v of model.reads[t]!) {
      const p = model.producer[v]!
      if (p >= 0) earliest = Math.max(earliest, at[p]!)
      if (model.pinned[v] === 1 || model.output[v] === 1) continue
      if (readers[v]!.every(r => at[r]! <= at[t]!)) dying += model.size[v]!
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
  const position = new Map(order.map((t, i) => [t, i]))
  const waiting = new Int32Array(model.cost.length)
  const readers: number[][] = Array.from({ length: model.cost.length }, () => [])
  for (const t of order)
    for (const v of model.reads[t]!) {
      const p = model.producer[v]!
      if (p < 0) continue
      waiting[t]!++
      readers[p]!.push(t)
    }
  const heap = new Heap((a, b) => key[a]! - key[b]! || position.get(a)! - position.get(b)!)
  for (const t of order) if (waiting[t] === 0) heap.push(t)
  const result: DagTaskId[] = []
  for (let t = heap.pop(); t !== undefined; t = heap.pop()) {
    result.push(t)
    for (const r of readers[t]!) if (--waiting[r]! === 0) heap.push(r)
  }
  return result
}

/** List scheduling: of the tasks that are ready, the one that leaves the fewest bytes alive; ties in the given order. */
function greedy(model: Model, order: readonly DagTaskId[]): DagTaskId[] {
  const position = new Map(order.map((t, i) => [t, i]))
  const readersLeft = new Int32Array(model.size.length)
  const waiting = new Int32Array(model.cost.length)
  const readers: number[][] = Array.from({ length: model.cost.length }, () => [])
  for (const t of order)
    for (const v of model.reads[t]!) {
      readersLeft[v]!++
      const p = model.producer[v]!
      if (p < 0) continue
      waiting[t]!++
      readers[p]!.push(t)
    }
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
    for (const r of readers[best]!) if (--waiting[r]! === 0) ready.add(r)
  }
  return result
}

/** A binary heap of task ids. */
class Heap {
  readonly #items: number[] = []
  readonly #compare: (a: number, b: number) => number

  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare
  }

  push(item: number): void {
    const items = this.#items
    let i = items.push(item) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (this.#compare(items[parent]!, item) <= 0) break
      items[i] = items[parent]!
      i = parent
    }
    items[i] = item
  }

  pop(): number | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (top === undefined || last === undefined || items.length === 0) return top
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#compare(items[child + 1]!, items[child]!) < 0) child++
      if (this.#compare(last, items[child]!) <= 0) break
      items[i] = items[child]!
      i = child
    }
    items[i] = last
    return top
  }
}
