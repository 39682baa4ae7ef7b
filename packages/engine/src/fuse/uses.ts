import { type Graph, type Hints, type Node, opDef, sizeOf, type ValueId } from '@stint/graph'

/** A graph with the look-ups that fusion needs. */
export class Uses {
  readonly graph: Graph
  /** Index of the node that produces each value, −1 for inputs, state and constants. */
  readonly producer: Int32Array
  /** Indices of the nodes that read each value, once each, in order. */
  readonly consumers: readonly number[][]
  /** Values that must exist in memory at the end: outputs, and successors of state. */
  readonly required: ReadonlySet<ValueId>
  /** State and constants. */
  readonly kept: ReadonlySet<ValueId>

  constructor(graph: Graph) {
    this.graph = graph
    this.producer = new Int32Array(graph.values.length).fill(-1)
    const consumers: number[][] = graph.values.map(() => [])
    for (const [index, node] of graph.nodes.entries()) {
      for (const v of node.results) this.producer[v] = index
      for (const v of new Set(node.inputs)) consumers[v]!.push(index)
    }
    this.consumers = consumers
    this.kept = new Set([...graph.state, ...graph.constants].map(s => s.value))
    this.required = new Set([
      ...graph.outputs.map(o => o.value),
      ...graph.state.flatMap(s => (s.next === undefined ? [] : [s.next])),
    ])
  }

  node(index: number): Node {
    return this.graph.nodes[index]!
  }

  producerOf(v: ValueId): Node | undefined {
    const index = this.producer[v]!
    return index < 0 ? undefined : this.graph.nodes[index]
  }

  /** What the user asks of the planner for a value that a node computes. */
  hints(v: ValueId): Hints {
    return this.producerOf(v)?.hints ?? {}
  }

  /** Whether two values are of the same `checkpoint` region and the same slice of the batch: others share no kernel. */
  together(a: ValueId, b: ValueId): boolean {
    const [x, y] = [this.hints(a), this.hints(b)]
    return x.region === y.region && x.slice === y.slice
  }

  size(v: ValueId): number {
    return sizeOf(this.graph.values[v]!.shape)
  }

  /** True for what is computed where it is read, unless it is chosen to be stored. */
  isLight(v: ValueId): boolean {
    const node = this.producerOf(v)
    if (node === undefined) return false
    const { kind } = opDef(node.op)
    return kind === 'elementwise' || kind === 'movement' || kind === 'generator'
  }
}
