import type { Batch } from '@stint/data'
import type { Arrays } from '@stint/engine'

/** Turns batches into what a session takes, in arrays that are made once: a step allocates nothing here. */
export class Feed {
  readonly #rate = new Float32Array(1)
  #labels = new Int32Array(0)

  /** Views of the batch; labels in bytes are widened. */
  inputs({ x, y }: Batch, rate?: number): Arrays {
    const labels = y instanceof Int32Array ? y : this.#widen(y)
    if (rate === undefined) return { x, y: labels }
    this.#rate[0] = rate
    return { x, y: labels, rate: this.#rate }
  }

  #widen(y: Uint8Array): Int32Array {
    if (this.#labels.length < y.length) this.#labels = new Int32Array(y.length)
    this.#labels.set(y)
    return this.#labels.subarray(0, y.length)
  }
}
