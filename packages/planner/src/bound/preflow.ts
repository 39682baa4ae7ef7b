/** A network whose source and sink are left out: nodes are fed and drained directly. */
export interface Network {
  readonly nodes: number
  /** Arcs, grouped by the node they leave: those of node u are first[u] to first[u + 1]. */
  readonly first: Int32Array
  readonly head: Int32Array
  /** The arc the other way; every arc has one. */
  readonly back: Int32Array
}

/**
 * Largest preflow, by push-relabel, the highest label first, with gaps and exact labels now and then (Goldberg and Tarjan
 * 1988; Cherkassky and Goldberg 1997): the first phase, which gives the smallest cut and its value. Capacities are whole
 * numbers below 2⁵³ or infinite, so that sums are exact. Stopped early, what has drained is below the value of every cut.
 */
export class Preflow {
  readonly network: Network
  /** What is left of each arc; set by the caller before a run. */
  readonly room: Float64Array
  /** What may still leave at each node; set by the caller before a run. */
  readonly drain: Float64Array
  /** What has come into each node and not left; set by the caller to what the source feeds. */
  readonly excess: Float64Array
  /** What has drained. */
  drained = 0
  /** Arcs looked at, over all runs. */
  work = 0
  readonly #label: Int32Array
  readonly #next: Int32Array
  /** Nodes by label, as doubly linked lists. */
  readonly #nodes: Int32Array
  readonly #after: Int32Array
  readonly #before: Int32Array
  /** Nodes by label from which something is to be pushed. */
  readonly #active: Int32Array
  readonly #link: Int32Array
  readonly #queue: Int32Array
  /** Labels of active nodes, and of any, are at most these. */
  #highest = 0
  #top = 0
  /** Arcs looked at since labels were exact. */
  #since = 0

  constructor(network: Network) {
    const { nodes, head } = network
    this.network = network
    this.room = new Float64Array(head.length)
    this.drain = new Float64Array(nodes)
    this.excess = new Float64Array(nodes)
    this.#label = new Int32Array(nodes)
    this.#next = new Int32Array(nodes)
    this.#nodes = new Int32Array(nodes + 2)
    this.#after = new Int32Array(nodes)
    this.#before = new Int32Array(nodes)
    this.#active = new Int32Array(nodes + 2)
    this.#link = new Int32Array(nodes)
    this.#queue = new Int32Array(nodes)
  }

  /** Pushes all that can drain, or until `limit` arcs have been looked at. */
  run(limit: number): void {
    const { nodes, head } = this.network
    const stop = this.work + limit
    const often = 4 * nodes + head.length
    this.drained = 0
    this.#relabelAll()
    while (this.#highest > 0 && this.work < stop) {
      const u = this.#active[this.#highest]!
      if (u < 0) {
        this.#highest--
        continue
      }
      this.#active[this.#highest] = this.#link[u]!
      // Behind a gap, it waits for nothing.
      if (this.#label[u] === this.#highest) this.#discharge(u)
      if (this.#since > often) this.#relabelAll()
    }
    this.#relabelAll()
  }

  /** After a run: whether the node lies on the sink's side of the smallest cut (of these, that with fewest such nodes). */
  drains(u: number): boolean {
    return this.#label[u]! <= this.network.nodes
  }

  /** Exact distances to the sink; nodes from which nothing drains get a label above all others. */
  #relabelAll(): void {
    const { nodes, first, head, back } = this.network
    const { drain, room } = this
    const [label, queue] = [this.#label, this.#queue]
    label.fill(nodes + 1)
    this.#nodes.fill(-1)
    this.#active.fill(-1)
    this.#next.set(first.subarray(0, nodes))
    let [from, to] = [0, 0]
    for (let u = 0; u < nodes; u++)
      if (drain[u]! > 0) {
        label[u] = 1
        queue[to++] = u
      }
    while (from < to) {
      const u = queue[from++]!
      const d = label[u]! + 1
      for (let a = first[u]!; a < first[u + 1]!; a++) {
        const w = head[a]!
        if (label[w]! > nodes && room[back[a]!]! > 0) {
          label[w] = d
          queue[to++] = w
        }
      }
    }
    this.work += nodes + head.length
    this.#since = 0
    this.#highest = 0
    this.#top = to > 0 ? label[queue[to - 1]!]! : 0
    for (let i = 0; i < to; i++) {
      const u = queue[i]!
      this.#enlist(u)
      if (this.excess[u]! > 0) this.#activate(u)
    }
  }

  #enlist(u: number): void {
    const d = this.#label[u]!
    const next = this.#nodes[d]!
    this.#after[u] = next
    this.#before[u] = -1
    if (next >= 0) this.#before[next] = u
    this.#nodes[d] = u
    if (d > this.#top) this.#top = d
  }

  #delist(u: number): void {
    const [next, previous] = [this.#after[u]!, this.#before[u]!]
    if (next >= 0) this.#before[next] = previous
    if (previous >= 0) this.#after[previous] = next
    else this.#nodes[this.#label[u]!] = next
  }

  #activate(u: number): void {
    const d = this.#label[u]!
    this.#link[u] = this.#active[d]!
    this.#active[d] = u
    if (d > this.#highest) this.#highest = d
  }

  #discharge(u: number): void {
    const { first, head, back, nodes } = this.network
    const { room, excess, drain } = this
    const label = this.#label
    let rest = excess[u]!
    if (drain[u]! > 0) {
      const amount = Math.min(rest, drain[u]!)
      drain[u]! -= amount
      rest -= amount
      this.drained += amount
    }
    const end = first[u + 1]!
    let a = this.#next[u]!
    let looked = 1
    while (rest > 0) {
      if (a === end) {
        const d = this.#relabel(u)
        if (d > nodes) break
        a = first[u]!
        continue
      }
      const w = head[a]!
      looked++
      if (room[a]! > 0 && label[u]! === label[w]! + 1) {
        const amount = Math.min(rest, room[a]!)
        room[a]! -= amount
        room[back[a]!]! += amount
        rest -= amount
        if (excess[w]! === 0) {
          excess[w] = amount
          this.#activate(w)
        } else excess[w]! += amount
        if (rest === 0) break
      }
      a++
    }
    this.#next[u] = a < end ? a : first[u]!
    excess[u] = rest
    this.#since += looked
    this.work += looked
  }

  /** One above the lowest neighbour that it may push to; beyond all if there is none, or if no node has its old label. */
  #relabel(u: number): number {
    const { nodes, first, head } = this.network
    const { room } = this
    const label = this.#label
    const old = label[u]!
    let least = nodes
    for (let a = first[u]!; a < first[u + 1]!; a++) {
      const d = label[head[a]!]!
      if (d < least && room[a]! > 0) least = d
    }
    this.#since += first[u + 1]! - first[u]! + 4
    this.work += first[u + 1]! - first[u]! + 4
    this.#delist(u)
    label[u] = least + 1
    if (least < nodes) this.#enlist(u)
    if (this.#nodes[old]! >= 0) return label[u]!
    // A gap: nothing above it drains any more.
    for (let d = old + 1; d <= this.#top; d++) {
      for (let w = this.#nodes[d]!; w >= 0; w = this.#after[w]!) label[w] = nodes + 1
      this.#nodes[d] = -1
    }
    this.#top = old
    return label[u]!
  }
}
