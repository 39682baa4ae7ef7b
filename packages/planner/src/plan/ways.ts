import type { DagTaskId } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import { planChain } from '../strategy/chain/plan.ts'
import { planBlocks } from '../strategy/chain/plan-blocks.ts'
import { chainOf } from '../strategy/chain/recognize.ts'
import { revolve } from '../strategy/chain/revolve.ts'
import { Lanes } from '../strategy/lanes.ts'
import { quickOrder } from '../strategy/order.ts'
import { Search } from '../strategy/search/search.ts'
import { huge, large } from '../strategy/size.ts'
import { fromSequence } from '../strategy/timeline/from-sequence.ts'
import { Timeline } from '../strategy/timeline/timeline.ts'

/** Share of the time left for the tables of a chain or of blocks, and for what comes before those of a chain. */
const patience = { tables: 0.6, chained: 0.1 }

/** A place to search from, and the share of the time left that the way from there to a plan may take. */
export interface Way {
  begin(): Search
  readonly share?: number
}

/** How the search for a plan stands. */
interface Standing {
  /** Live bytes that schedules are searched for. */
  target(): number
  /** Whether there is a plan. */
  found(): boolean
  late(): boolean
  /** Becomes true when that share of the time left now is over. */
  patiently(share: number): () => boolean
}

/** Places to search from, those first that are likely to lead to a plan. */
export function* waysFor(model: Model, standing: Standing): Generator<Way, void, undefined> {
  const given = standing.found()
  const many = model.needed.length >= large
  const tables = (): { stop(): boolean } => ({ stop: standing.patiently(patience.tables) })
  // Of a chain the tables mostly know better.
  const chain = chainOf(model)
  const share = chain === undefined ? undefined : patience.chained
  const tried: Int32Array[] = []
  for (const order of given ? [] : firstOrders(model)) {
    if (standing.found()) break
    const timeline = new Timeline(model, order)
    tried.push(timeline.order.slice())
    yield { begin: () => new Search(timeline), ...(share !== undefined && { share }) }
    if (many && standing.late()) return
  }
  const target = standing.target()
  const whole = chain && (planChain(model, chain, target, tables()) ?? revolve(model, chain, target))
  const sequences = whole !== undefined ? [whole] : []
  if (whole === undefined && !given)
    sequences.push(...planBlocks(model, target, tables()).slice(0, many ? 1 : 2))
  for (const sequence of sequences) yield { begin: () => new Search(fromSequence(model, sequence)) }
  const more = !many || (model.needed.length < huge && !standing.found() && !standing.late())
  if (!more) return
  for (const search of new Lanes(model).searches) {
    const { order } = search.timeline
    // Where a chain's way was cut short, it is gone again.
    const known = standing.found() || share === undefined ? tried : []
    if (!known.some(o => o.every((t, i) => t === order[i]))) yield { begin: () => search }
  }
}

/** The order of the file; before it, in large DAGs, one of less memory. */
function firstOrders(model: Model): Set<readonly DagTaskId[]> {
  return new Set(model.needed.length >= large ? [quickOrder(model), model.needed] : [model.needed])
}
