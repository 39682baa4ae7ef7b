import type { Model } from '../dag/model.ts'

/** What bounds read of a model, for one way to count bytes. */
export interface Facts {
  readonly model: Model
  /** Of each value and workspace. */
  readonly size: Float64Array
  readonly workspace: Float64Array
  /** Bytes of all pinned values. */
  readonly pinned: number
  /** Needed tasks that read value v: readers[first[v]] to readers[first[v + 1] - 1]. */
  readonly first: Int32Array
  readonly readers: Int32Array
  readonly needed: Uint8Array
}

/** Counts live bytes; or, for an arena, all that they take of it at the DAG's alignment. */
export function factsOf(model: Model, arena: boolean): Facts {
  const { dag } = model
  const size = arena ? model.size : Float64Array.from(dag.values, v => v.bytes)
  const first = new Int32Array(size.length + 1)
  const needed = new Uint8Array(model.cost.length)
  for (const t of model.needed) {
    needed[t] = 1
    for (const v of model.reads[t]!) first[v + 1]!++
  }
  for (let v = 0; v < size.length; v++) first[v + 1]! += first[v]!
  const readers = new Int32Array(first[size.length]!)
  const at = first.slice()
  for (const t of model.needed) for (const v of model.reads[t]!) readers[at[v]!++] = t
  return {
    model,
    size,
    workspace: arena ? model.workspace : Float64Array.from(dag.tasks, t => t.workspace ?? 0),
    pinned: size.reduce((n, bytes, v) => (model.pinned[v] === 1 ? n + bytes : n), 0),
    first,
    readers,
    needed,
  }
}
