import { allocate, type TypedArray, viewOf } from '../dtype.ts'
import type { Graph, Node, ValueId } from '../graph.ts'
import { opDef } from '../ops/index.ts'
import { sizeOf, type Type } from '../type.ts'
import type { Dense } from './dense.ts'
import { checkFed } from './feed.ts'
import { ruleOf } from './rules.ts'

/** Numbers by name (inputs, outputs) or path (state). */
export interface Arrays {
  readonly [name: string]: TypedArray
}

/**
 * Computes a graph one node after the other, as plainly as can be: the meaning of every op in numbers, by which
 * backends are tested and constants folded. Elementwise ops compute in f64 and round once to the dtype of their
 * result; sums accumulate in f64, in the order that each op states, and round once; integers wrap.
 *
 * `state` holds every state of the graph before the run; what comes back holds it after.
 *
 * @throws StintError with code `FEED` where an input or state is missing, unknown, of wrong kind or length, or out of
 * its declared range.
 *
 * @example
 * const { graph } = trace(x => x.square().sum(), [f32(3)])
 * evaluate(graph, { inputs: { 0: Float32Array.of(1, 2, 3) } }).outputs // { result: Float32Array [14] }
 */
export function evaluate(
  graph: Graph,
  given: { readonly inputs?: Arrays; readonly state?: Arrays } = {},
): { outputs: Record<string, TypedArray>; state: Record<string, TypedArray> } {
  const values = new Map<ValueId, TypedArray>()
  const { inputs = {}, state = {} } = given
  checkFed(graph, inputs, state)
  for (const { name, value } of graph.inputs) values.set(value, inputs[name] as TypedArray)
  for (const { path, value } of graph.state) values.set(value, state[path] as TypedArray)
  for (const { value, bytes } of graph.constants)
    values.set(value, constantArray(graph.values[value] as Type, bytes))
  const get = (id: ValueId): Dense => ({ type: graph.values[id] as Type, data: values.get(id) as TypedArray })
  for (const node of graph.nodes) {
    const results = evaluateNode(node, node.inputs.map(get))
    for (const [i, id] of node.results.entries()) values.set(id, results[i] as TypedArray)
  }
  const copy = (id: ValueId) => get(id).data.slice()
  return {
    outputs: Object.fromEntries(graph.outputs.map(({ name, value }) => [name, copy(value)])),
    state: Object.fromEntries(graph.state.map(({ path, value, next }) => [path, copy(next ?? value)])),
  }
}

/** The results of one node. */
export function evaluateNode(node: Pick<Node, 'op' | 'attrs'>, inputs: readonly Dense[]): TypedArray[] {
  const types = opDef(node.op).infer(
    inputs.map(x => x.type),
    node.attrs,
  )
  return types.map(type => {
    const out = allocate(type.dtype, sizeOf(type.shape))
    ruleOf(node.op).run(inputs, out, node.attrs, type)
    return out
  })
}

/** A typed array over a copy of the bytes, which may not be aligned where they are. */
function constantArray(type: Type, bytes: Uint8Array): TypedArray {
  return viewOf(type.dtype, new Uint8Array(bytes).buffer, 0, sizeOf(type.shape))
}
