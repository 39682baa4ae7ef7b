import type { DagTaskId, DagValueId } from '../dag/dag.ts'
import type { Effort } from '../effort.ts'
import { CutNetwork, type Kept } from './cut-network.ts'
import type { Moment } from './moment.ts'

/** What is kept across the first run of a task, and what runs again afterwards. */
export interface Cut {
  readonly at: DagTaskId
  /** Values kept, those that the task itself reads or computes included where they are read later; no pinned ones. */
  readonly retained: readonly DagValueId[]
  /** Tasks that have run before, and run again. */
  readonly rerun: readonly DagTaskId[]
  /** Bytes alive while the task runs, and cost of the runs that are repeated. */
  readonly bytes: number
  readonly cost: number
}

export interface Ascent {
  /** No schedule repeats less than this cost; infinite if there is no schedule. */
  readonly bound: number
  /** The price a byte that gives the bound. */
  readonly price: number
  /** The cuts on both sides of the best price: one within the budget, one beyond it. */
  readonly fits?: Cut
  readonly exceeds?: Cut
}

export interface AscentOptions {
  /** Gives up once the bound cannot exceed this. */
  readonly above?: number
  /** A price to try first. */
  readonly price?: number
}

/**
 * The cost that must be repeated after a moment within a budget, by Lagrangian relaxation of the budget (Fisher 1981): for
 * each price a byte, a smallest cut bounds it; every cut found gives a line above the bound as a function of the price, and
 * where the lowest lines meet is the next price to try (Kelley 1960), until no cut lies below.
 */
export class Ascender {
  readonly #moment: Moment
  readonly #room: number
  readonly #effort: Effort
  #network: CutNetwork | undefined

  constructor(moment: Moment, budget: number, effort: Effort) {
    this.#moment = moment
    this.#room = budget - moment.fixedBytes
    this.#effort = effort
  }

  /** The best bound over all prices, or the best that the effort allows. */
  ascend({ above = 0, price: hint = 0 }: AscentOptions = {}): Ascent {
    const room = this.#room
    const infeasible: Ascent = { bound: Number.POSITIVE_INFINITY, price: 0 }
    if (room < 0) return infeasible
    const network = this.#open()
    const cuts: { fits?: Cut; exceeds?: Cut } = {}
    const found = (): Kept => {
      const kept = network.kept()
      cuts[kept.bytes > room ? 'exceeds' : 'fits'] = this.#cut(network, kept)
      return kept
    }
    // The ends: first cost counts, then bytes; the other way round.
    this.#spend(network.keepAll(this.#effort.left))
    let left = found()
    const { againCost } = this.#moment
    if (left.bytes <= room) return { bound: againCost, price: 0, ...cuts }
    if (this.#spend(network.keepLeast(this.#effort.left)) > room) return { ...infeasible, ...cuts }
    let right = found()
    let best = { bound: 0, price: 0 }
    let price = hint
    while (this.#effort.left > 0) {
      const meet = (right.cost - left.cost) / (left.bytes - right.bytes)
      const most = left.cost + meet * (left.bytes - room)
      if (!(meet > 0) || most <= above || most - best.bound < 1e-9 * most) break
      if (!(price > 0)) price = meet
      const bound = this.#try(price)
      if (bound > best.bound) best = { bound, price }
      const kept = network.kept()
      const line = Math.min(
        left.cost + price * (left.bytes - room),
        right.cost + price * (right.bytes - room),
      )
      if (kept.cost + price * (kept.bytes - room) < line * (1 - 1e-12)) {
        found()
        if (kept.bytes > room) left = kept
        else right = kept
      } else if (price === meet) break
      price = 0
    }
    return { bound: best.bound + againCost, price: best.price, ...cuts }
  }

  #open(): CutNetwork {
    if (this.#network === undefined) {
      this.#network = new CutNetwork(this.#moment)
      const { network } = this.#network.preflow
      this.#effort.left -= network.nodes + network.head.length
    }
    return this.#network
  }

  #spend(least: number): number {
    const { preflow } = this.#open()
    this.#effort.left -= preflow.work
    preflow.work = 0
    return least
  }

  /**
   * Costs are scaled up by a power of two so that rounding capacities down loses little and sums stay whole. What is kept
   * within the room cannot have a larger capacity than the price of the room, rounded up.
   */
  #try(price: number): number {
    const { cost, bytes } = this.#open().all
    const all = cost + price * bytes + 1
    let scale = 1
    while (scale * all < 2 ** 50) scale *= 2
    while (scale * all > 2 ** 51) scale /= 2
    const perByte = scale * price
    const least = this.#spend(this.#open().cut(perByte, scale, this.#effort.left))
    const room = Math.ceil(perByte * this.#room * (1 + 2 ** -50))
    return Math.max(0, (least - room) / scale)
  }

  #cut(network: CutNetwork, { bytes, cost }: Kept): Cut {
    const { task, again, fixedBytes, againCost } = this.#moment
    return {
      at: task,
      retained: network.retained(),
      rerun: [...again, ...network.rerun()].sort((a, b) => a - b),
      bytes: bytes + fixedBytes,
      cost: cost + againCost,
    }
  }
}
