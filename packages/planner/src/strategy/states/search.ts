import type { Model } from '../../dag/model.ts'
import { Simulation } from '../simulate.ts'
import { addBit, dropBit, hasBit, weigh } from './bits.ts'
import { type Room, waysToSave } from './room.ts'
import { Space, type SpaceTask, type State } from './space.ts'
import { Queue, Store } from './store.ts'

export interface StatesOptions {
  /** States that are generated at most. */
  readonly states?: number
}

/** Runs in order, repetitions included, and what they cost with copies. */
export interface Found {
  readonly sequence: Int32Array
  readonly cost: number
}

const manyStates = 200_000

/** What an empty queue gives. */
const none = Number.NEGATIVE_INFINITY

/**
 * The cheapest of all schedules within `budget` live bytes (sizes rounded up to the alignment), whatever its order,
 * recomputations, frees, in-place pairs and donations, under the picked options: a shortest path by A* (Hart, Nilsson,
 * Raphael 1968) over what lives. 'infeasible' if there is none, 'limit' if it is not found within so many states.
 */
export function cheapestSequence(
  model: Model,
  budget: number,
  options: StatesOptions = {},
): Found | 'infeasible' | 'limit' {
  return new StateSearch(model, budget, options.states ?? manyStates, true).run()
}

/**
 * The least live bytes (aligned) in which there is any schedule, with one; of no particular cost. 'limit' if one of the
 * searches takes more than so many states.
 */
export function smallestBudget(
  model: Model,
  options: StatesOptions = {},
): { readonly budget: number; readonly sequence: Int32Array } | 'limit' {
  const simulation = new Simulation(model)
  const attempt = (budget: number): Found | 'infeasible' | 'limit' =>
    new StateSearch(model, budget, options.states ?? manyStates, false).run()
  let sequence: Int32Array = Int32Array.from(model.needed)
  let high = simulation.run(sequence, sequence.length)
  let low = floorOf(model)
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2 / model.align) * model.align
    const found = attempt(middle)
    if (found === 'limit') return found
    if (found === 'infeasible') low = middle + model.align
    else {
      sequence = found.sequence
      high = Math.min(middle, simulation.run(sequence, sequence.length))
    }
  }
  return { budget: high, sequence }
}

/** Bytes below which no schedule can go: what is there at the start, and what a task touches, results in place aside. */
function floorOf(model: Model): number {
  let least = model.startSize
  for (const t of model.needed) {
    let bytes = model.pinnedSize + model.workspace[t]!
    for (const v of model.reads[t]!)
      if (model.pinned[v] === 0 && model.bufferOf[v]! < 0) bytes += model.size[v]!
    for (const w of model.writes[t]!)
      if (model.bufferOf[w]! < 0 && !model.inPlace[t]!.some(([, x]) => x === w)) bytes += model.size[w]!
    least = Math.max(least, bytes)
  }
  return least
}

/**
 * A step of the search is a run, with whatever must be given up for it: nothing is freed, copied or replaced before there
 * is no room, since a state that has more alive and costs no more is at least as good. What can be of no use any more is
 * gone at once.
 */
class StateSearch {
  readonly #space: Space
  readonly #simulation: Simulation
  readonly #budget: number
  /** Bytes beside what is pinned. */
  readonly #room: number
  readonly #limit: number
  readonly #byCost: boolean
  readonly #store: Store
  readonly #queue = new Queue()
  readonly #closed: Uint8Array
  readonly #row: Int32Array

  /** By cost, or to whatever end comes first. */
  constructor(model: Model, budget: number, limit: number, byCost: boolean) {
    this.#space = new Space(model)
    this.#simulation = new Simulation(model)
    this.#budget = budget
    this.#room = budget < model.startSize ? Number.NEGATIVE_INFINITY : budget - model.pinnedSize
    this.#limit = limit
    this.#byCost = byCost
    this.#store = new Store(2 * this.#space.words + this.#space.onceWords)
    this.#row = new Int32Array(this.#store.width)
    this.#closed = new Uint8Array(limit + 1)
  }

  run(): Found | 'infeasible' | 'limit' {
    const [store, queue, space] = [this.#store, this.#queue, this.#space]
    if (this.#room < 0) return 'infeasible'
    this.#reach(space.start(), 0, -1, -1)
    for (let item = queue.pop(); item !== none; item = queue.pop()) {
      if (item < 0) {
        const found = this.#way(-1 - item)
        if (this.#holds(found)) return found
        continue
      }
      if (this.#closed[item] === 1) continue
      this.#closed[item] = 1
      const state = this.#stateOf(item)
      const open = space.outlook(state.homed, state.ran)
      if (this.#isSurpassed(item, state, open.useful)) continue
      const alive = weigh(state.live, state.homed, space.sizes)
      for (const task of open.tasks) {
        if (!space.canRun(task, state) || !isOfUse(task, state, open.useful)) continue
        this.#runs(item, task, state, alive, open.tasks)
        if (store.count > this.#limit) return 'limit'
      }
    }
    return 'infeasible'
  }

  /**
   * Whether the simulation gets by with as little. It does, save in two rare cases: it takes places greedily, and of a
   * successor that is computed several times it puts only the last into its buffer.
   */
  #holds({ sequence, cost }: Found): boolean {
    const simulation = this.#simulation
    const peak = simulation.run(sequence, sequence.length)
    return peak <= this.#budget && (!this.#byCost || simulation.cost === cost)
  }

  /** All that a run of a task can lead to, given the bytes alive before it. */
  #runs(id: number, task: SpaceTask, state: State, alive: number, open: readonly SpaceTask[]): void {
    const [space, store] = [this.#space, this.#store]
    const made = weigh(task.writes, state.live, space.sizes)
    for (const donated of space.donations(task, state, open)) {
      // Elsewhere it takes no place, be it new or not.
      const placed = made - weigh(donated, state.homed, space.sizes)
      const missing = alive + placed + task.workspace - this.#room
      const most = this.#limit - store.count
      for (const room of waysToSave(space, task, state, donated, missing, most)) {
        const next = after(state, task, donated, room)
        this.#reach(next, store.cost[id]! + task.cost + room.cost, id, task.id)
        if (store.count > this.#limit) return
      }
    }
  }

  #reach(state: State, cost: number, from: number, task: number): void {
    const [space, store, queue, row] = [this.#space, this.#store, this.#queue, this.#row]
    const { useful } = space.outlook(state.homed, state.ran)
    for (let i = 0; i < useful.length; i++) state.live[i]! &= useful[i]! | state.homed[i]!
    row.set(state.live)
    row.set(state.homed, space.words)
    row.set(state.ran, 2 * space.words)
    const known = store.find(row)
    if (known >= 0 && (!this.#byCost || store.cost[known]! <= cost)) return
    const ahead = space.ahead(state)
    if (ahead === undefined) return
    const id = known >= 0 ? known : store.add(row)
    this.#closed[id] = 0
    store.cost[id] = cost
    store.from[id] = from
    store.task[id] = task
    if (ahead.count === 0) queue.push(-1 - id, this.#byCost ? cost + space.copies(state) : 0, 0)
    if (this.#byCost) queue.push(id, cost + ahead.cost, ahead.count)
    else queue.push(id, ahead.count, 0)
  }

  /** Whether a state that has one value more alive was reached at no more cost: then nothing is lost without this one. */
  #isSurpassed(id: number, state: State, useful: Int32Array): boolean {
    const [store, row] = [this.#store, this.#row]
    row.set(state.live)
    row.set(state.homed, this.#space.words)
    row.set(state.ran, 2 * this.#space.words)
    for (let i = 0; i < useful.length; i++)
      for (let word = useful[i]! & ~state.live[i]!; word !== 0; word &= word - 1) {
        row[i]! ^= word & -word
        const other = store.find(row)
        row[i]! ^= word & -word
        if (other >= 0 && (!this.#byCost || store.cost[other]! <= store.cost[id]!)) return true
      }
    return false
  }

  #stateOf(id: number): State {
    const { rows, width } = this.#store
    const { words } = this.#space
    const at = id * width
    return {
      live: rows.slice(at, at + words),
      homed: rows.slice(at + words, at + 2 * words),
      ran: rows.slice(at + 2 * words, at + width),
    }
  }

  /** The runs that lead to a state with all goals. */
  #way(end: number): Found {
    const { from, task, cost } = this.#store
    const runs: number[] = []
    for (let id = end; from[id]! >= 0; id = from[id]!) runs.push(task[id]!)
    return {
      sequence: Int32Array.from(runs.reverse()),
      cost: cost[end]! + this.#space.copies(this.#stateOf(end)),
    }
  }
}

/** Whether a run makes anything that is missing and may be needed, or saves a copy. */
function isOfUse(task: SpaceTask, { live, homed }: State, useful: Int32Array): boolean {
  if (task.donates.some(w => !hasBit(homed, w))) return true
  for (let i = 0; i < useful.length; i++) if ((task.writes[i]! & useful[i]! & ~live[i]!) !== 0) return true
  return false
}

function after({ live, homed, ran }: State, task: SpaceTask, donated: Int32Array, room: Room): State {
  const next = { live: live.slice(), homed: homed.slice(), ran: ran.slice() }
  for (const v of room.freed) dropBit(next.live, v)
  for (const v of room.replaced) dropBit(next.live, v)
  for (let i = 0; i < live.length; i++) {
    next.live[i]! |= task.writes[i]!
    next.homed[i]! |= donated[i]!
  }
  for (const v of room.copied) addBit(next.homed, v)
  if (task.once >= 0) addBit(next.ran, task.once)
  return next
}
