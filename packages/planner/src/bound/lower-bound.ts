import type { DagTaskId } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import { Ascender, type Ascent, type Cut, type Effort } from './ascend.ts'
import { candidates } from './candidates.ts'
import { factsOf } from './facts.ts'
import { Moment } from './moment.ts'

export interface BoundOptions {
  /** The budget is that of an arena, in which everything is aligned; of live bytes unless said. */
  readonly arena?: boolean
  /** Arcs and tasks that may be looked at; the best bound until then is taken. 8e7 unless said: about a second. */
  readonly work?: number
}

export interface Bound {
  /** No schedule within the budget costs less; infinite if there is none. The base cost where nothing better is known. */
  readonly bound: number
  /** The moment that gives it, with what is kept and repeated there; of the cuts near the best price, one that fits. */
  readonly cut?: Cut
}

/**
 * The cost below which no schedule within a budget can go, whatever its order, recomputations, in-place pairs and donations
 * (under the picked options): the most that the first run of some task forces to be repeated. See `Moment`, `Ascender`.
 * Depends on the model, the budget and the work alone.
 */
export function lowerBound(model: Model, budget: number, options: BoundOptions = {}): Bound {
  const moment = new Moment(factsOf(model, options.arena ?? false))
  const bytes = options.arena === true ? Math.ceil(budget / model.align) * model.align : budget
  const effort: Effort = { left: options.work ?? 8e7 }
  let best: Ascent & { task?: DagTaskId } = { bound: 0, price: 0 }
  for (const task of candidates(moment, bytes, effort)) {
    if (effort.left <= 0) break
    moment.at(task)
    const { bound: above, price } = best
    // None takes all that is left, however intertwined what surrounds it.
    const share: Effort = { left: Math.ceil(effort.left / 2) }
    const given = share.left
    const found = new Ascender(moment, bytes, share).ascend({ above, price })
    effort.left -= given - share.left
    if (found.bound > best.bound) best = found
  }
  if (best.bound === Number.POSITIVE_INFINITY) return { bound: best.bound }
  return {
    bound: model.baseCost + roundUp(model, best.bound),
    ...(best.fits !== undefined && { cut: best.fits }),
  }
}

/**
 * What keeping and repeating cost least at the first run of a task, on both sides of the best price a byte: one that fits
 * into the budget, and a cheaper one that does not. Neither is a schedule: what is repeated must fit again.
 */
export function cutAt(
  model: Model,
  task: DagTaskId,
  budget: number,
  options: BoundOptions = {},
): Pick<Ascent, 'fits' | 'exceeds'> {
  const moment = new Moment(factsOf(model, options.arena ?? false))
  const bytes = options.arena === true ? Math.ceil(budget / model.align) * model.align : budget
  moment.at(task)
  const { fits, exceeds } = new Ascender(moment, bytes, { left: options.work ?? 8e7 }).ascend()
  return { ...(fits && { fits }), ...(exceeds && { exceeds }) }
}

/** Costs are whole numbers, and multiples of what divides them all. */
function roundUp(model: Model, bound: number): number {
  let unit = 0
  const divide = (cost: number): void => {
    for (let rest = cost; rest > 0; ) [unit, rest] = [rest, unit % rest]
  }
  for (const cost of model.cost) divide(cost)
  for (const cost of model.copyCost) divide(cost)
  return unit === 0 ? 0 : Math.ceil(bound / unit) * unit
}
