import { bytesOf, type Graph, StintError, sameType, showType, type Type, type ValueId } from '@stint/graph'
import type { Pinned } from '../tasks/dag.ts'

interface Entry extends Pinned {
  readonly type: Type
  /** Bytes of a constant; undefined for state. */
  readonly constant?: Uint8Array
}

/**
 * All that stays resident during a session, laid out once from offset 0: the union of the programs' state, by path, and
 * of their constants, by content. Only ever grows at the end, so that programs added later find the others in place.
 */
export class PinnedSet {
  readonly #align: number
  readonly #entries: Entry[] = []

  constructor(align: number) {
    this.#align = align
  }

  get list(): readonly Pinned[] {
    return [...this.#entries]
  }

  /** State entries, by path. */
  get state(): readonly (Pinned & { readonly type: Type })[] {
    return this.#entries.filter(e => e.constant === undefined)
  }

  get constants(): readonly { readonly offset: number; readonly bytes: Uint8Array }[] {
    return this.#entries.flatMap(e =>
      e.constant === undefined ? [] : [{ offset: e.offset, bytes: e.constant }],
    )
  }

  /** Adds what a graph keeps. Throws if a path is known with another type. */
  add(graph: Graph): void {
    for (const s of graph.state) {
      const type = graph.values[s.value]!
      const known = this.#state(s.path)
      if (known === undefined) this.#push({ name: s.path, type })
      else if (!sameType(known.type, type))
        throw new StintError('STATE_TYPE', `programs disagree about the state '${s.path}'`, {
          expected: showType(known.type),
          got: showType(type),
        })
    }
    for (const c of graph.constants) {
      const type = graph.values[c.value]!
      if (this.#constant(type, c.bytes) === undefined)
        this.#push({ name: `constant${this.#entries.length}`, type, constant: c.bytes })
    }
  }

  /** Which pinned value holds each state and constant of a graph. */
  indexOf(graph: Graph): ReadonlyMap<ValueId, number> {
    const index = new Map<ValueId, number>()
    for (const s of graph.state) index.set(s.value, this.#entries.indexOf(this.#state(s.path)!))
    for (const c of graph.constants)
      index.set(c.value, this.#entries.indexOf(this.#constant(graph.values[c.value]!, c.bytes)!))
    return index
  }

  #push(entry: Omit<Entry, 'offset' | 'bytes'>): void {
    const end = this.#entries.reduce((n, e) => Math.max(n, e.offset + e.bytes), 0)
    const offset = Math.ceil(end / this.#align) * this.#align
    this.#entries.push({ ...entry, offset, bytes: bytesOf(entry.type) })
  }

  #state(path: string): Entry | undefined {
    return this.#entries.find(e => e.constant === undefined && e.name === path)
  }

  #constant(type: Type, bytes: Uint8Array): Entry | undefined {
    return this.#entries.find(
      e => e.constant !== undefined && sameType(e.type, type) && e.constant.every((b, i) => b === bytes[i]),
    )
  }
}
