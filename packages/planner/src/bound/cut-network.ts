import type { DagTaskId, DagValueId } from '../dag/dag.ts'
import { after, before, type Moment } from './moment.ts'
import { type Network, Preflow } from './preflow.ts'

/** What is kept across a moment, and which of its ancestors run again after it. */
export interface Kept {
  /** Beyond what lives at the moment in any case. */
  readonly bytes: number
  /** Of the runs that are repeated. */
  readonly cost: number
}

/**
 * For a price a byte, what to keep across a moment and what to compute again, at least cost: a smallest cut. A task on the
 * source's side runs later; a value on that side is read later; the arc from a value to its producer is what keeping it
 * costs, that from a task to the sink its cost; what a task reads follows it.
 */
export class CutNetwork {
  readonly moment: Moment
  /** Tasks that may run later, a node each; other nodes are values that only they read. */
  readonly tasks: readonly DagTaskId[]
  readonly #values: readonly DagValueId[]
  /** By task node: bytes of its results that are read later for certain. */
  readonly #fed: Float64Array
  /** By task node: its cost if it has run before. By value node: bytes, if nothing computes it again. */
  readonly #cost: Float64Array
  readonly #final: Float64Array
  /** By arc: bytes; −1 where it has no end; 0 the other way. */
  readonly #bytes: Float64Array
  /** Bytes of values that are read later for certain and that nothing computes again. */
  readonly finalBytes: number
  /** All costs and bytes in it. */
  readonly all: Kept
  readonly preflow: Preflow

  constructor(moment: Moment) {
    const builder = new Builder(moment)
    this.moment = moment
    this.tasks = builder.tasks
    this.#values = builder.values
    this.finalBytes = builder.finalBytes
    const nodes = builder.tasks.length + builder.values.length
    this.#fed = Float64Array.from(builder.fed)
    const { cost } = moment.facts.model
    this.#cost = Float64Array.from(this.tasks, t => (moment.side[t] === before ? cost[t]! : 0))
    this.#final = Float64Array.from(this.#values, v => (moment.isFinal(v) ? moment.charge[v]! : 0))
    const { network, bytes } = arcs(nodes, builder)
    this.#bytes = bytes
    const sum = (list: Float64Array): number => list.reduce((n, x) => n + Math.max(0, x), 0)
    this.all = {
      bytes: this.finalBytes + sum(this.#fed) + sum(this.#final) + sum(bytes),
      cost: sum(this.#cost),
    }
    this.preflow = new Preflow(network)
  }

  /** Finds the smallest cut, `perByte` and `perCost` being multiplied in and rounded down; returns the least value it can have. */
  cut(perByte: number, perCost: number, limit: number): number {
    const { room, drain, excess, network } = this.preflow
    const count = this.tasks.length
    for (let a = 0; a < room.length; a++) {
      const bytes = this.#bytes[a]!
      room[a] = bytes < 0 ? Number.POSITIVE_INFINITY : Math.floor(bytes * perByte)
    }
    for (let i = 0; i < network.nodes; i++) {
      excess[i] = i < count ? Math.floor(this.#fed[i]! * perByte) : 0
      drain[i] =
        i < count ? Math.floor(this.#cost[i]! * perCost) : Math.floor(this.#final[i - count]! * perByte)
    }
    this.preflow.run(limit)
    return this.preflow.drained + Math.floor(this.finalBytes * perByte)
  }

  /** Fewest bytes kept across while nothing that costs is repeated. */
  keepAll(limit: number): number {
    return this.cut(1, this.all.bytes + 1, limit)
  }

  /** Fewest bytes kept across at any cost. */
  keepLeast(limit: number): number {
    return this.cut(1, 0, limit)
  }

  /** What the last cut keeps and repeats. */
  kept(): Kept {
    let [bytes, cost] = [this.finalBytes, 0]
    const { network } = this.preflow
    const count = this.tasks.length
    for (let i = 0; i < count; i++) {
      if (this.preflow.drains(i)) bytes += this.#fed[i]!
      else cost += this.#cost[i]!
    }
    for (let i = count; i < network.nodes; i++) {
      if (this.preflow.drains(i)) continue
      bytes += this.#final[i - count]!
      for (let a = network.first[i]!; a < network.first[i + 1]!; a++)
        if (this.#bytes[a]! > 0 && this.preflow.drains(network.head[a]!)) bytes += this.#bytes[a]!
    }
    return { bytes, cost }
  }

  /** Ancestors that the last cut repeats. */
  rerun(): DagTaskId[] {
    return this.tasks.filter((t, i) => !this.preflow.drains(i) && this.moment.side[t] === before)
  }

  /** Values that the last cut keeps, with those that the task itself reads or writes and that are read later. */
  retained(): DagValueId[] {
    const { moment } = this
    const { model } = moment.facts
    const later = new Set(this.tasks.filter((_, i) => !this.preflow.drains(i)))
    const wanted = Uint8Array.from(moment.wanted)
    for (const t of later) for (const v of model.reads[t]!) wanted[v] = 1
    const kept: DagValueId[] = []
    for (const [v, is] of wanted.entries()) {
      const p = model.producer[v]!
      if (is === 1 && model.pinned[v] === 0 && !later.has(p) && (p < 0 || moment.side[p] !== after))
        kept.push(v)
    }
    return kept
  }
}

/** Follows what may be read later from readers to producers; each gets a node only if something depends on it. */
class Builder {
  readonly tasks: DagTaskId[] = []
  readonly values: DagValueId[] = []
  readonly fed: number[] = []
  readonly from: number[] = []
  readonly to: number[] = []
  /** −1: no end. */
  readonly bytes: number[] = []
  finalBytes = 0

  constructor(moment: Moment) {
    const { model } = moment.facts
    const { side, charge, wanted } = moment
    const { producer, needed } = model
    const nodeOf = new Int32Array(side.length).fill(-1)
    const fedTo = new Float64Array(side.length)
    const asked = new Uint8Array(side.length)
    const seen = new Uint8Array(charge.length)
    for (let v = 0; v < charge.length; v++) {
      const p = producer[v]!
      if (wanted[v] === 0 || charge[v] === 0 || (p >= 0 && side[p] === after)) continue
      if (moment.isFinal(v)) this.finalBytes += charge[v]!
      else {
        fedTo[p]! += charge[v]!
        asked[p] = 1
      }
    }
    // Readers come after producers, so backwards all that asks for a task is known before it.
    const links: [task: number, value: DagValueId][] = []
    for (let i = needed.length - 1; i >= 0; i--) {
      const t = needed[i]!
      if (asked[t] === 0) continue
      const node = this.tasks.push(t) - 1
      nodeOf[t] = node
      this.fed.push(fedTo[t]!)
      for (const v of model.reads[t]!) {
        if (charge[v] === 0 || wanted[v] === 1) continue
        links.push([node, v])
        if (seen[v] === 1) continue
        seen[v] = 1
        this.values.push(v)
        if (!moment.isFinal(v)) asked[producer[v]!] = 1
      }
    }
    const count = this.tasks.length
    const valueNode = new Int32Array(charge.length)
    for (const [i, v] of this.values.entries()) {
      valueNode[v] = count + i
      if (!moment.isFinal(v)) this.#arc(count + i, nodeOf[producer[v]!]!, charge[v]!)
    }
    for (const [node, v] of links) this.#arc(node, valueNode[v]!, -1)
  }

  #arc(from: number, to: number, bytes: number): void {
    this.from.push(from)
    this.to.push(to)
    this.bytes.push(bytes)
  }
}

function arcs(
  nodes: number,
  { from, to, bytes }: Pick<Builder, 'from' | 'to' | 'bytes'>,
): { network: Network; bytes: Float64Array } {
  const count = from.length
  const first = new Int32Array(nodes + 1)
  for (let a = 0; a < count; a++) {
    first[from[a]! + 1]!++
    first[to[a]! + 1]!++
  }
  for (let u = 0; u < nodes; u++) first[u + 1]! += first[u]!
  const at = first.slice()
  const head = new Int32Array(2 * count)
  const back = new Int32Array(2 * count)
  const unit = new Float64Array(2 * count)
  for (let a = 0; a < count; a++) {
    const [i, j] = [at[from[a]!]!++, at[to[a]!]!++]
    head[i] = to[a]!
    head[j] = from[a]!
    back[i] = j
    back[j] = i
    unit[i] = bytes[a]!
  }
  return { network: { nodes, first, head, back }, bytes: unit }
}
