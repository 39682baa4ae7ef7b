import type { DagValueId } from '../../dag/dag.ts'

export type Drops = (readonly [value: DagValueId, stage: number])[]

/** The values dropped in each stage. */
export class DropSets {
  readonly #of: (Set<DagValueId> | undefined)[]

  constructor(stages: number) {
    this.#of = new Array<Set<DagValueId> | undefined>(stages).fill(undefined)
  }

  /** Those of a stage; undefined, or empty, where there are none. */
  at(stage: number): ReadonlySet<DagValueId> | undefined {
    return this.#of[stage]
  }

  has(value: DagValueId, stage: number): boolean {
    return this.#of[stage]?.has(value) === true
  }

  set(value: DagValueId, stage: number, dropped: boolean): void {
    const set = this.#of[stage]
    if (!dropped) set?.delete(value)
    else if (set === undefined) this.#of[stage] = new Set([value])
    else set.add(value)
  }

  /** Takes those of `other` for a stage; whether they differ. */
  take(stage: number, other: DropSets): boolean {
    const [mine, theirs] = [this.#of[stage], other.#of[stage]]
    if (sameSet(mine, theirs)) return false
    this.#of[stage] = theirs
    return true
  }

  /** The sets of stage `from` go to stage `to`; those between close up. */
  move(from: number, to: number): void {
    const moved = this.#of[from]
    const step = from < to ? 1 : -1
    for (let b = from; b !== to; b += step) this.#of[b] = this.#of[b + step]
    this.#of[to] = moved
  }

  list(): Drops {
    const list: [DagValueId, number][] = []
    for (const [stage, set] of this.#of.entries())
      if (set !== undefined) for (const v of set) list.push([v, stage])
    return list
  }
}

function sameSet(a: ReadonlySet<DagValueId> | undefined, b: ReadonlySet<DagValueId> | undefined): boolean {
  if ((a?.size ?? 0) !== (b?.size ?? 0)) return false
  if (a !== undefined) for (const v of a) if (!b!.has(v)) return false
  return true
}
