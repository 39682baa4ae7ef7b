import type { DagTaskId } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import type { Effort } from '../effort.ts'
import { Ascender, type Ascent, type Cut } from './ascend.ts'
import { candidates } from './candidates.ts'
import { close } from './close.ts'
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
  if (model.needed.length === 0) return { bound: 0 }
  const moment = new Moment(factsOf(model, options.arena ?? false))
  const bytes = options.arena === true ? Math.ceil(budget / model.align) * model.align : budget
  const effort: Effort = { left: options.work ?? 8e7 }
  const unit = costUnit(model)
  const found: Candidate[] = []
  let [most, price] = [0, 0]
  for (const task of candidates(moment, bytes, effort)) {
    if (effort.left <= 0) break
    moment.at(task)
    // None takes all that is left, however intertwined what surrounds it.
    const share: Effort = { left: Math.ceil(effort.left / 2) }
    const given = share.left
    const ascent = new Ascender(moment, bytes, share).ascend({ above: most, price })
    effort.left -= given - share.left
    if (ascent.bound === Number.POSITIVE_INFINITY) return { bound: ascent.bound }
    if (ascent.bound > 0) found.push({ ascent, task })
    if (ascent.bound > most) [most, price] = [ascent.bound, ascent.price]
  }
  const { bound, fits } = closest(moment, bytes, unit, found, effort)
  return { bound: model.baseCost + Math.ceil(bound / unit) * unit, ...(fits !== undefined && { cut: fits }) }
}

interface Candidate {
  readonly ascent: Ascent
  readonly task: DagTaskId
}

/** DAGs of at most so many tasks are searched on, from so many moments, with at most so much work in all. */
const small = { tasks: 2000, moments: 6, work: 8e6 }

/** The best bound of all, after a search among the best of them where the DAG is small. */
function closest(
  moment: Moment,
  budget: number,
  unit: number,
  found: Candidate[],
  effort: Effort,
): Pick<Ascent, 'bound' | 'fits'> {
  const sorted = found.sort((a, b) => b.ascent.bound - a.ascent.bound)
  let best: Pick<Ascent, 'bound' | 'fits'> = sorted[0]?.ascent ?? { bound: 0 }
  if (moment.facts.model.needed.length > small.tasks) return best
  let left = Math.min(effort.left, small.work)
  for (const { task, ascent } of sorted.slice(0, small.moments)) {
    // What fits at a price is the most that can come of it.
    if (ascent.fits !== undefined && ascent.fits.cost <= best.bound) continue
    const share: Effort = { left: left / 2 }
    const closed = close(moment, task, budget, unit, ascent, share)
    left -= left / 2 - share.left
    if (closed.bound > best.bound) best = closed
  }
  return best
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

/** What divides all costs, so that bounds can be rounded up to a multiple of it. */
function costUnit(model: Model): number {
  let unit = 0
  const divide = (cost: number): void => {
    for (let rest = cost; rest > 0; ) [unit, rest] = [rest, unit % rest]
  }
  for (const cost of model.cost) divide(cost)
  for (const cost of model.copyCost) divide(cost)
  return unit === 0 ? 1 : unit
}
