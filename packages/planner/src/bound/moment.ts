import type { DagTaskId, DagValueId } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import type { Facts } from './facts.ts'

/** How a task stands to the one whose first run is the moment. */
export const before = 1
export const after = 2
const self = 3

/** That an ancestor runs again after the moment, or does not. */
export interface Supposition {
  readonly task: DagTaskId
  readonly again: boolean
}

/**
 * The moment at which a task runs for the first time, in any schedule: its ancestors have run, its descendants have not, and
 * what they will read is kept across it or computed again. All that must be true of every schedule, and no more, so that
 * what is cheapest here bounds all of them:
 *
 * - What the task reads and its results live during the run; a result may take a place or lie in its buffer, as far as
 *   pairs and readers of the old content allow.
 * - Inputs and results of `once` ancestors that are read later are kept.
 * - Any other value read later is kept, or its producer runs (again) later and reads, too. That costs if the producer is an
 *   ancestor; tasks that are neither ancestors nor descendants may first run before or after.
 */
export class Moment {
  readonly facts: Facts
  task: DagTaskId = -1
  /** By task: `before` or `after`; 0 if it may run on either side. */
  readonly side: Uint8Array
  /** By value: bytes that keeping it across the moment takes beyond `fixedBytes`. */
  readonly charge: Float64Array
  /** By value: read later for certain. */
  readonly wanted: Uint8Array
  /** Bytes that live at the moment in any case. */
  fixedBytes = 0
  /** Ancestors that run again in any case, as supposed, and what that costs. */
  again: readonly DagTaskId[] = []
  againCost = 0
  /** By task: supposed not to run again. */
  readonly #not: Uint8Array
  /** Tasks and values looked at, over all moments. */
  work = 0
  readonly #stack: DagTaskId[] = []

  constructor(facts: Facts) {
    this.facts = facts
    this.side = new Uint8Array(facts.model.cost.length)
    this.#not = new Uint8Array(facts.model.cost.length)
    this.charge = new Float64Array(facts.size.length)
    this.wanted = new Uint8Array(facts.size.length)
  }

  /** Goes to the first run of a needed task, among schedules in which some of its ancestors run again and others do not. */
  at(task: DagTaskId, supposed: readonly Supposition[] = []): void {
    const { cost } = this.facts.model
    this.task = task
    this.#sides()
    this.#not.fill(0)
    this.again = supposed.filter(s => s.again).map(s => s.task)
    this.againCost = this.again.reduce((n, t) => n + cost[t]!, 0)
    for (const { task: t, again } of supposed) {
      if (again) this.side[t] = after
      else this.#not[t] = 1
    }
    this.#wants()
    this.#charges()
    this.work += this.side.length + this.charge.length + this.facts.readers.length
  }

  /** Bytes that live at least while a needed task runs, whatever runs before and after; quicker than `at`, and no more. */
  alone(task: DagTaskId): number {
    const { model, size, workspace, pinned } = this.facts
    const { charge } = this
    for (const list of [model.reads[task]!, model.writes[task]!])
      for (const v of list) charge[v] = model.pinned[v] === 1 || model.bufferOf[v]! >= 0 ? 0 : size[v]!
    return pinned + workspace[task]! + needsOf(model, task, charge)
  }

  /** Whether value v, read later, must be kept: nothing computes it again. */
  isFinal(v: DagValueId): boolean {
    const { producer, once } = this.facts.model
    const p = producer[v]!
    return p < 0 || ((once[p] === 1 || this.#not[p] === 1) && this.side[p] !== 0)
  }

  #sides(): void {
    const { model, first, readers } = this.facts
    const { side } = this
    const stack = this.#stack
    side.fill(0)
    side[this.task] = self
    stack.push(this.task)
    for (let t = stack.pop(); t !== undefined; t = stack.pop())
      for (const v of model.reads[t]!) {
        const p = model.producer[v]!
        if (p < 0 || side[p] !== 0) continue
        side[p] = before
        stack.push(p)
      }
    stack.push(this.task)
    for (let t = stack.pop(); t !== undefined; t = stack.pop())
      for (const v of model.writes[t]!)
        for (let i = first[v]!; i < first[v + 1]!; i++) {
          const r = readers[i]!
          if (side[r] !== 0) continue
          side[r] = after
          stack.push(r)
        }
    side[this.task] = before
  }

  #wants(): void {
    const { model } = this.facts
    const { side, wanted } = this
    wanted.fill(0)
    for (const t of model.needed)
      if (side[t] === after) for (const v of model.reads[t]!) if (model.pinned[v] === 0) wanted[v] = 1
    for (const v of model.dag.outputs) if (model.pinned[v] === 0) wanted[v] = 1
    for (const { value } of model.dag.next ?? []) wanted[value] = 1
  }

  #charges(): void {
    const { model, size, workspace, pinned } = this.facts
    const { charge, task } = this
    for (let v = 0; v < charge.length; v++) charge[v] = this.#mayLieInBuffer(v) ? 0 : size[v]!
    this.fixedBytes = pinned + workspace[task]! + needsOf(model, task, charge)
  }

  /** Whether v may be in its pinned buffer at the moment: nothing reads the old content then or afterwards. */
  #mayLieInBuffer(v: DagValueId): boolean {
    const { model, first, readers } = this.facts
    const { task } = this
    const buffer = model.bufferOf[v]!
    if (buffer < 0) return model.pinned[v] === 1
    for (let i = first[buffer]!; i < first[buffer + 1]!; i++) {
      const r = readers[i]!
      if (this.side[r] === after) return false
      if (r === task && !model.inPlace[task]!.some(([p, w]) => p === buffer && w === v)) return false
    }
    return true
  }
}

/**
 * Bytes that a task's inputs and results take at least while it runs, `charge` being what each value takes. Leaves there what
 * keeping its inputs takes beyond that: a result may take the place of an input that is then gone.
 */
function needsOf(model: Model, task: DagTaskId, charge: Float64Array): number {
  let bytes = 0
  for (const v of model.reads[task]!) {
    bytes += charge[v]!
    charge[v] = 0
  }
  for (const w of model.writes[task]!) {
    const made = charge[w]!
    charge[w] = 0
    if (made === 0) continue
    const pairs = model.inPlace[task]!
    const places = pairs.length === 0 ? pairs : pairs.filter(([p, r]) => r === w && model.pinned[p] === 0)
    // With several places to choose from, it is not known what it costs to keep one of them.
    if (places.length === 0) bytes += made
    if (places.length !== 1) continue
    // Only one result can take a place: the largest at best.
    const [place] = places[0]!
    bytes += Math.min(charge[place]!, made)
    charge[place] = Math.max(charge[place]!, made)
  }
  return bytes
}
