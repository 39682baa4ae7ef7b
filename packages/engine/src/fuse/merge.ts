import { sizeOf, type ValueId } from '@stint/graph'
import { type Cluster, clusterOf, type Fused, fuse, isPlain, obstacle, union } from './cluster.ts'
import { chooseRoots, contracts } from './roots.ts'
import type { Uses } from './uses.ts'

/**
 * Groups the roots of a graph into clusters, each of which becomes one task: first every root by itself, then, in
 * order, each with the clusters whose results it reads, then those side by side over the same loops that read a large value in common. Two clusters merge
 * if one kernel can run them and no third cluster lies between them.
 */
export function cluster(uses: Uses, fusion: boolean): Fused[] {
  const roots = fusion ? storableRoots(uses) : new Set(uses.graph.nodes.flatMap(n => n.results))
  const merger = new Merger(uses, roots)
  if (fusion) {
    merger.mergeChains()
    merger.mergeSiblings()
  }
  return merger.tasks()
}

/** Roots of which every single one makes a kernel: what stands in the way of an index map is stored, too. */
function storableRoots(uses: Uses): Set<ValueId> {
  const forced = new Set<ValueId>()
  for (;;) {
    const roots = chooseRoots(uses, forced)
    let found = false
    for (const root of roots) {
      const own = clusterOf(uses, root)
      const fused = fuse(uses, own, own.roots, v => roots.has(v))
      if (isPlain(uses, fused)) continue
      const blocked = obstacle(uses, fused)
      if (blocked === undefined || roots.has(blocked)) continue
      forced.add(blocked)
      found = true
    }
    if (!found) return roots
  }
}

class Merger {
  readonly #uses: Uses
  readonly #roots: ReadonlySet<ValueId>
  readonly #clusters = new Map<number, Cluster>()
  /** Root → id of its cluster: the least root in it when it was made. */
  readonly #home = new Map<ValueId, number>()
  /** Stored values that the light tree of each root reads. */
  readonly #reads = new Map<ValueId, readonly ValueId[]>()
  /** The same of each cluster. */
  readonly #clusterReads = new Map<number, ReadonlySet<ValueId>>()

  constructor(uses: Uses, roots: ReadonlySet<ValueId>) {
    this.#uses = uses
    this.#roots = roots
    for (const root of [...roots].sort((a, b) => a - b)) {
      if (this.#home.has(root)) continue
      const own = clusterOf(uses, root)
      this.#clusters.set(root, own)
      for (const v of own.roots) this.#home.set(v, root)
    }
    for (const root of roots) this.#reads.set(root, this.#sourcesOf(root))
  }

  /** Values in memory that the computation of `root` reads, other than through roots. */
  #sourcesOf(root: ValueId): ValueId[] {
    const found = new Set<ValueId>()
    const seen = new Set<ValueId>()
    const visit = (v: ValueId): void => {
      if (seen.has(v)) return
      seen.add(v)
      const index = this.#uses.producer[v]!
      if (index < 0 || (v !== root && this.#roots.has(v))) {
        found.add(v)
        return
      }
      for (const input of this.#uses.node(index).inputs) visit(input)
    }
    visit(root)
    return [...found]
  }

  #readsOf(id: number): ReadonlySet<ValueId> {
    const known = this.#clusterReads.get(id)
    if (known !== undefined) return known
    const reads = new Set<ValueId>()
    for (const root of this.#clusters.get(id)!.roots) for (const v of this.#reads.get(root)!) reads.add(v)
    this.#clusterReads.set(id, reads)
    return reads
  }

  /** Clusters whose results `id` reads. */
  #before(id: number): Set<number> {
    const found = new Set<number>()
    for (const v of this.#readsOf(id)) {
      const home = this.#home.get(v)
      if (home !== undefined && home !== id) found.add(home)
    }
    return found
  }

  /** Merges producers into their readers: epilogues, reductions in stages, updates. The latest producer goes first. */
  mergeChains(): void {
    for (const root of [...this.#roots].sort((a, b) => a - b)) {
      for (let again = true; again; ) {
        again = false
        const id = this.#home.get(root)!
        for (const before of [...this.#before(id)].sort(
          (a, b) => heavy(this.#clusters.get(b)!) - heavy(this.#clusters.get(a)!),
        ))
          if (this.#merge(before, id)) {
            again = true
            break
          }
      }
    }
  }

  /** Merges clusters over the same loops that read a stored value of that size in common. */
  mergeSiblings(): void {
    const readers = new Map<ValueId, Set<number>>()
    for (const id of this.#clusters.keys())
      for (const v of this.#readsOf(id)) {
        if (2 * this.#uses.size(v) < sizeOf(this.#clusters.get(id)!.domain)) continue
        const list = readers.get(v)
        if (list === undefined) readers.set(v, new Set([id]))
        else list.add(id)
      }
    for (const list of readers.values()) {
      const ids = [...list]
      for (let i = 1; i < ids.length; i++) {
        const [a, b] = [this.#home.get(ids[i - 1]!)!, this.#home.get(ids[i]!)!]
        const kinds = [this.#clusters.get(a)!.kind, this.#clusters.get(b)!.kind]
        if (a !== b && kinds[0] === kinds[1] && kinds[0] !== 'anchor') this.#merge(a, b) || this.#merge(b, a)
      }
    }
  }

  #merge(a: number, b: number): boolean {
    const [first, second] = [this.#clusters.get(a)!, this.#clusters.get(b)!]
    if (!this.#uses.together(first.roots[0]!, second.roots[0]!)) return false
    const both = union(first, second, sizeOf)
    // A small result of an anchor is stored, so that the anchor need not wait for what the rest of the task waits for.
    const waits =
      first.kind === 'anchor' &&
      second.kind === 'map' &&
      contracts(this.#uses, this.#uses.producerOf(first.roots[0]!)!)
    if (both === null || waits || this.#between(a, b) || this.#between(b, a)) return false
    const results = this.#results(both)
    if (results.length === 0 || this.#keepsSome(results)) return false
    if (
      obstacle(
        this.#uses,
        fuse(this.#uses, both, results, v => this.#roots.has(v)),
      ) !== undefined
    )
      return false
    this.#clusters.delete(b)
    this.#clusterReads.delete(a)
    this.#clusterReads.delete(b)
    this.#clusters.set(a, both)
    for (const v of both.roots) this.#home.set(v, a)
    return true
  }

  /** True if some results are never to be computed twice, and others may be: those then need a task of their own. */
  #keepsSome(results: readonly ValueId[]): boolean {
    const kept = results.filter(v => this.#uses.hints(v).keep === true).length
    return kept > 0 && kept < results.length
  }

  /** True if some third cluster reads `a` and is read, directly or not, by `b`. */
  #between(a: number, b: number): boolean {
    // Values are numbered in topological order: what ends before `a` begins cannot read it.
    const [first] = this.#clusters.get(a)!.roots as [ValueId]
    const seen = new Set<number>([b])
    const open = [...this.#before(b)].filter(id => id !== a)
    while (open.length > 0) {
      const id = open.pop()!
      if (seen.has(id) || last(this.#clusters.get(id)!) < first) continue
      seen.add(id)
      for (const before of this.#before(id)) {
        if (before === a) return true
        open.push(before)
      }
    }
    return false
  }

  /** The roots of a cluster that are read outside it, or required. */
  #results(c: Cluster): ValueId[] {
    const own = new Set(c.roots)
    return c.roots.filter(v => this.#uses.required.has(v) || this.#readersOf(v).some(r => !own.has(r)))
  }

  #readers: Map<ValueId, ValueId[]> | undefined

  /** Roots whose computation reads `v`. */
  #readersOf(v: ValueId): readonly ValueId[] {
    if (this.#readers === undefined) {
      this.#readers = new Map()
      for (const [root, reads] of this.#reads)
        for (const read of reads) {
          const list = this.#readers.get(read)
          if (list === undefined) this.#readers.set(read, [root])
          else list.push(root)
        }
    }
    return this.#readers.get(v) ?? []
  }

  /** The clusters in an order in which each comes after those it reads. */
  tasks(): Fused[] {
    const done = new Set<number>()
    const order: Fused[] = []
    const visit = (id: number): void => {
      if (done.has(id)) return
      done.add(id)
      for (const before of [...this.#before(id)].sort((a, b) => a - b)) visit(before)
      const c = this.#clusters.get(id)!
      const results = this.#results(c)
      if (results.length > 0) order.push(fuse(this.#uses, c, results, v => this.#roots.has(v)))
    }
    for (const id of [...this.#clusters.keys()].sort((a, b) => a - b)) visit(id)
    return order
  }
}

/** The value by which a cluster comes early or late: an anchor's own, whatever was merged to it since. */
function heavy(c: Cluster): ValueId {
  return c.kind === 'anchor' ? c.roots[0]! : last(c)
}

function last(c: Cluster): ValueId {
  return c.roots[c.roots.length - 1]!
}
