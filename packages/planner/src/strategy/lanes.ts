import type { Model } from '../dag/model.ts'
import { baseOrders } from './order.ts'
import { Search } from './search/search.ts'
import { Timeline } from './timeline/timeline.ts'

/** Searches from several base orders side by side: which of them recomputes least depends on the target. */
export class Lanes {
  /** The first starts from the order of least memory. */
  readonly searches: readonly Search[]

  constructor(model: Model, orders: readonly (readonly number[])[] = baseOrders(model)) {
    this.searches = orders.map(order => new Search(new Timeline(model, order)))
  }

  /** Sends every lane down; those that get there, the cheapest first. */
  descend(descend: (search: Search) => boolean): Search[] {
    return this.searches.filter(descend).sort((a, b) => a.cost - b.cost)
  }
}
