import type { Attrs, Constant, Graph, Hints, Node, ValueId } from '../graph.ts'
import { type OpName, opDef } from '../ops/index.ts'
import { isWithin } from '../trace/hints.ts'
import type { Type } from '../type.ts'
import { mapGraphs } from './nested.ts'

/** A graph while a pass writes it anew: what stands already, under new ids. */
export class Rewriter {
  readonly values: Type[] = []
  readonly nodes: Node[] = []
  readonly constants: Constant[] = []
  /** Where in `nodes` the producer of a value stands. */
  readonly #places: (number | undefined)[] = []
  readonly #constants = new Map<ValueId, Constant>()

  type(id: ValueId): Type {
    return this.values[id] as Type
  }

  /** The node that computes a value; undefined for inputs, state and constants. */
  producer(id: ValueId): Node | undefined {
    const place = this.#places[id]
    return place === undefined ? undefined : this.nodes[place]
  }

  constantOf(id: ValueId): Constant | undefined {
    return this.#constants.get(id)
  }

  /** A value that no node computes. */
  leaf(type: Type): ValueId {
    return this.values.push(type) - 1
  }

  constant(type: Type, bytes: Uint8Array): ValueId {
    const value = this.leaf(type)
    const constant = { value, bytes }
    this.constants.push(constant)
    this.#constants.set(value, constant)
    return value
  }

  /** Adds a node whose inputs are ids of here; gives its results. */
  add(node: Omit<Node, 'results'>, types: readonly Type[]): ValueId[] {
    const results = types.map(type => this.leaf(type))
    const place = this.nodes.push({ ...node, results }) - 1
    for (const id of results) this.#places[id] = place
    return results
  }

  /** Adds a node in the place of `like`, with its site and hints; gives its first result. */
  emit(op: OpName, attrs: Attrs, inputs: readonly ValueId[], like?: Pick<Node, 'site' | 'hints'>): ValueId {
    const types = opDef(op).infer(
      inputs.map(id => this.type(id)),
      attrs,
    )
    const { site, hints } = like ?? {}
    return this.add(
      { op, attrs, inputs, ...(site && { site }), ...(hints && { hints }) },
      types,
    )[0] as ValueId
  }

  /**
   * Hands on what the node that a value now stands for was marked with: that it is to be kept, or is the result of a
   * region, if the value is of that region.
   */
  handOn(hints: Hints | undefined, id: ValueId): void {
    const place = this.#places[id]
    const node = this.producer(id)
    if (hints === undefined || place === undefined || node === undefined) return
    const { keep, result } = hints
    const ends = result !== undefined && isWithin(node.hints?.region, result)
    if (keep !== true && !ends) return
    this.nodes[place] = {
      ...node,
      hints: { ...node.hints, ...(keep === true && { keep }), ...(ends && { result }) },
    }
  }
}

/** What a pass does with each part of a graph, in order. */
export interface Visitor {
  /**
   * The values that stand for the results of `node` (its inputs are new ids, its results old ones); undefined leaves
   * it as it is, and null drops it.
   */
  node?(node: Node, out: Rewriter): readonly ValueId[] | null | undefined
  /** The value that stands for a constant; undefined leaves it as it is, and null drops it. */
  constant?(constant: Constant, type: Type, out: Rewriter): ValueId | null | undefined
}

/**
 * The graph as `visitor` changes it, with values numbered anew: inputs, state, constants, results. The same object
 * where nothing changes. Graphs in attributes go through `pass`.
 */
export function rewrite(graph: Graph, visitor: Visitor, pass: (graph: Graph) => Graph): Graph {
  const out = new Rewriter()
  const to: ValueId[] = new Array(graph.values.length)
  let changed = false
  const leaf = (id: ValueId) => {
    to[id] = out.leaf(graph.values[id] as Type)
  }
  for (const { value } of graph.inputs) leaf(value)
  for (const { value } of graph.state) leaf(value)
  for (const constant of graph.constants) {
    const type = graph.values[constant.value] as Type
    const stands = visitor.constant?.(constant, type, out)
    if (stands !== undefined) changed = true
    if (stands !== null) to[constant.value] = stands ?? out.constant(type, constant.bytes)
  }
  for (const node of graph.nodes) {
    const attrs = mapGraphs(node.attrs, pass)
    if (attrs !== node.attrs) changed = true
    const moved = { ...node, attrs, inputs: node.inputs.map(id => to[id] as ValueId) }
    const stand = visitor.node?.(moved, out)
    if (stand !== undefined) changed = true
    if (stand === null) continue
    const types = () => node.results.map(id => graph.values[id] as Type)
    const results = stand ?? out.add(moved, types())
    for (const [i, id] of node.results.entries()) to[id] = results[i] as ValueId
  }
  if (!changed) return graph
  const at = <T extends { readonly value: ValueId }>(x: T): T => ({ ...x, value: to[x.value] as ValueId })
  return {
    name: graph.name,
    values: out.values,
    inputs: graph.inputs.map(at),
    state: graph.state.map(s => ({
      ...at(s),
      ...(s.next !== undefined && { next: to[s.next] as ValueId }),
    })),
    constants: out.constants,
    outputs: graph.outputs.map(at),
    nodes: out.nodes,
  }
}
