import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'

/** What a stage computes again, from what it needs and what is dropped. */
export class Again {
  readonly #model: Model
  /** In which order tasks of one stage run again: that of the first base order, however tasks have moved since. */
  readonly #rank: Int32Array
  readonly #seen: Int32Array
  readonly #queued: Int32Array
  #epoch = 0

  constructor(model: Model, stageOf: Int32Array) {
    this.#model = model
    this.#rank = stageOf.slice()
    this.#seen = new Int32Array(model.size.length)
    this.#queued = new Int32Array(model.cost.length)
  }

  /** Tasks that make the dropped ones among `needs`, and what of their inputs is dropped in turn, in an order that respects reads. */
  of(needs: ArrayLike<DagValueId>, drops: ReadonlySet<DagValueId>): DagTaskId[] {
    const { producer, reads } = this.#model
    const [seen, queued, rank] = [this.#seen, this.#queued, this.#rank]
    const epoch = ++this.#epoch
    const found: DagTaskId[] = []
    const want = (values: ArrayLike<DagValueId>): void => {
      for (let k = 0; k < values.length; k++) {
        const v = values[k]!
        if (seen[v] === epoch) continue
        seen[v] = epoch
        if (!drops.has(v)) continue
        const t = producer[v]!
        if (t < 0 || queued[t] === epoch) continue
        queued[t] = epoch
        found.push(t)
      }
    }
    want(needs)
    // A task that runs again gives all its results: none of them has to be kept.
    for (let i = 0; i < found.length; i++) want(reads[found[i]!]!)
    if (found.length > 1) found.sort((x, y) => rank[x]! - rank[y]!)
    return found
  }
}
