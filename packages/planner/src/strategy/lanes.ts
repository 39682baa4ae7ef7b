import type { Model } from '../dag/model.ts'
import { baseOrders } from './order.ts'
import { Search } from './search.ts'
import { type Saved, Stages } from './stages.ts'

/** Searches from several base orders side by side: which of them recomputes least depends on the target. */
export class Lanes {
  /** The first starts from the order of least memory. */
  readonly searches: readonly Search[]
  readonly #starts: readonly Saved[]

  constructor(model: Model) {
    this.searches = baseOrders(model).map(order => new Search(model, new Stages(model, order)))
    this.#starts = this.searches.map(s => s.stages.save())
  }

  /** Forgets all drops and moves. */
  reset(): void {
    for (const [i, search] of this.searches.entries()) {
      search.stages.load(this.#starts[i]!)
      search.evaluate()
    }
  }

  /** Sends every lane down; of those that get there, the one of least cost. */
  cheapest(descend: (search: Search) => boolean): Search | undefined {
    let best: Search | undefined
    for (const search of this.searches) {
      if (!descend(search)) continue
      if (best === undefined || search.cost < best.cost) best = search
    }
    return best
  }
}
