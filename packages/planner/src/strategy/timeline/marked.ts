import type { DagValueId } from '../../dag/dag.ts'

/** A set of values that is quick to clear. */
export class Marked {
  readonly list: DagValueId[] = []
  readonly #mark: Int32Array
  #epoch = 1

  constructor(values: number) {
    this.#mark = new Int32Array(values)
  }

  has(v: DagValueId): boolean {
    return this.#mark[v] === this.#epoch
  }

  add(v: DagValueId): void {
    if (this.#mark[v] === this.#epoch) return
    this.#mark[v] = this.#epoch
    this.list.push(v)
  }

  clear(): void {
    this.list.length = 0
    this.#epoch++
  }
}
