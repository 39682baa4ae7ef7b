import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { insertAt, removeAt } from './ascending.ts'

/** Adds (sign 1) or takes away (−1) a stay of `value` through the stages `from` to `to`, both included. */
type Stay = (value: DagValueId, from: number, to: number, sign: number) => void

/** Values that a stage touches, and whether each must be there when it begins. */
interface Footprint {
  count: number
  readonly values: number[]
  readonly entry: number[]
}

/**
 * The stages in which each value is computed or read, in order. A touch is 2·stage, plus 1 if the value must be there when the
 * stage begins: then it lives from the touch before until this one. Pinned values and successors of pinned values have none.
 */
export class Touches {
  readonly #model: Model
  readonly #of: number[][]
  /** Values touched in a stage before and after a change. */
  readonly #old: Footprint = { count: 0, values: [], entry: [] }
  readonly #new: Footprint = { count: 0, values: [], entry: [] }
  readonly #mark: Int32Array
  readonly #slot: Int32Array
  #epoch = 0
  /** Values touched by each stage, as they were when it was last replaced. */
  readonly #runs: (readonly DagTaskId[])[] = []
  readonly #outputs: (readonly DagValueId[] | undefined)[] = []

  constructor(model: Model) {
    this.#model = model
    // Inputs are there from the start, which is a stage of its own: −1.
    this.#of = model.dag.values.map((value, v) => (value.input === true && model.pinned[v] === 0 ? [-2] : []))
    this.#mark = new Int32Array(model.size.length)
    this.#slot = new Int32Array(model.size.length)
  }

  of(value: DagValueId): readonly number[] {
    return this.#of[value]!
  }

  touched(value: DagValueId, stage: number): boolean {
    const list = this.#of[value]!
    const i = find(list, stage)
    return i < list.length && list[i]! >> 1 === stage
  }

  /** Whether a value is there in any of the stages `from` to `to`, both included. */
  livesWithin(value: DagValueId, from: number, to: number): boolean {
    const list = this.#of[value]!
    const i = find(list, from)
    return i < list.length && (list[i]! >> 1 <= to || (i > 0 && (list[i]! & 1) === 1))
  }

  /** The last stage before `b` that touches a value; −1. */
  before(value: DagValueId, b: number): number {
    const list = this.#of[value]!
    const i = find(list, b) - 1
    return i < 0 ? -1 : list[i]! >> 1
  }

  /** The first stage after `b` that touches a value; ∞ if none does. */
  after(value: DagValueId, b: number): number {
    const list = this.#of[value]!
    const i = find(list, b + 1)
    return i < list.length ? list[i]! >> 1 : Number.POSITIVE_INFINITY
  }

  /** Whether a value must be there when stage `b` begins, which touches it. */
  enters(value: DagValueId, b: number): boolean {
    const list = this.#of[value]!
    const i = find(list, b)
    return i < list.length && list[i] === 2 * b + 1
  }

  /** Whether a value that stage `b` touches stays beyond it. */
  stays(value: DagValueId, b: number): boolean {
    const list = this.#of[value]!
    const i = find(list, b) + 1
    return i < list.length && (list[i]! & 1) === 1
  }

  /** Puts other runs into a stage. `stay` hears of all that lives through other stages, `end` of stages in which a stay now ends otherwise. */
  replace(
    b: number,
    runs: readonly DagTaskId[],
    outputs: readonly DagValueId[] | undefined,
    stay: Stay,
    end: (stage: number) => void,
  ): void {
    const [before, after] = [this.#old, this.#new]
    this.#footprint(this.#runs[b] ?? [], this.#outputs[b], before)
    this.#runs[b] = runs
    this.#outputs[b] = outputs
    this.#footprint(runs, outputs, after)
    // The marks are those of `after`.
    const epoch = this.#epoch
    for (let k = 0; k < before.count; k++) {
      const v = before.values[k]!
      if (this.#mark[v] !== epoch) this.#remove(v, b, stay, end)
      else if (after.entry[this.#slot[v]!]! !== before.entry[k]!) this.#flip(v, b, stay, end)
      // Dealt with.
      if (this.#mark[v] === epoch) this.#mark[v] = -1
    }
    for (let k = 0; k < after.count; k++) {
      const v = after.values[k]!
      if (this.#mark[v] === epoch) this.#insert(v, b, after.entry[k]!, stay, end)
    }
  }

  #footprint(runs: readonly DagTaskId[], outputs: readonly DagValueId[] | undefined, into: Footprint): void {
    const { reads, writes, pinned, bufferOf } = this.#model
    const [mark, slot] = [this.#mark, this.#slot]
    const epoch = ++this.#epoch
    let count = 0
    const touch = (v: DagValueId, entry: number): void => {
      if (mark[v] === epoch || pinned[v] === 1 || bufferOf[v]! >= 0) return
      mark[v] = epoch
      slot[v] = count
      into.values[count] = v
      into.entry[count++] = entry
    }
    for (const t of runs) {
      const r = reads[t]!
      for (let k = 0; k < r.length; k++) touch(r[k]!, 1)
      const w = writes[t]!
      for (let k = 0; k < w.length; k++) touch(w[k]!, 0)
    }
    if (outputs !== undefined) for (const v of outputs) touch(v, 1)
    into.count = count
  }

  #insert(v: DagValueId, b: number, entry: number, stay: Stay, end: (stage: number) => void): void {
    const list = this.#of[v]!
    const i = find(list, b)
    const [prev, next] = [list[i - 1], list[i]]
    if (prev !== undefined) {
      const a = prev >> 1
      const was = next !== undefined ? next & 1 : 0
      if (was === 1) stay(v, a + 1, (next! >> 1) - 1, -1)
      if (entry === 1) stay(v, a + 1, b - 1, 1)
      if (was !== entry && a >= 0) end(a)
    }
    if (next !== undefined && (next & 1) === 1) stay(v, b + 1, (next >> 1) - 1, 1)
    insertAt(list, i, 2 * b + entry)
  }

  #remove(v: DagValueId, b: number, stay: Stay, end: (stage: number) => void): void {
    const list = this.#of[v]!
    const i = find(list, b)
    const entry = list[i]! & 1
    const [prev, next] = [list[i - 1], list[i + 1]]
    if (next !== undefined && (next & 1) === 1) stay(v, b + 1, (next >> 1) - 1, -1)
    if (prev !== undefined) {
      const a = prev >> 1
      const will = next !== undefined ? next & 1 : 0
      if (entry === 1) stay(v, a + 1, b - 1, -1)
      if (will === 1) stay(v, a + 1, (next! >> 1) - 1, 1)
      if (will !== entry && a >= 0) end(a)
    }
    removeAt(list, i)
  }

  #flip(v: DagValueId, b: number, stay: Stay, end: (stage: number) => void): void {
    const list = this.#of[v]!
    const i = find(list, b)
    list[i]! ^= 1
    const prev = list[i - 1]
    if (prev === undefined) return
    const a = prev >> 1
    stay(v, a + 1, b - 1, (list[i]! & 1) === 1 ? 1 : -1)
    if (a >= 0) end(a)
  }
}

/** Index of the first touch at or after a stage. */
export function find(list: readonly number[], stage: number): number {
  let high = list.length
  const key = 2 * stage
  if (high <= 8) {
    let i = 0
    while (i < high && list[i]! < key) i++
    return i
  }
  let low = 0
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
