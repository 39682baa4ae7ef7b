import type { Graph } from '../graph.ts'
import { rewrite } from './rewrite.ts'

/** Without the nodes and constants that no output and no successor of a state needs. Inputs and state stay. */
export function deadCode(graph: Graph): Graph {
  const live = new Uint8Array(graph.values.length)
  for (const { value } of graph.outputs) live[value] = 1
  for (const { next } of graph.state) if (next !== undefined) live[next] = 1
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]
    if (node?.results.some(id => live[id] === 1)) for (const id of node.inputs) live[id] = 1
  }
  return rewrite(
    graph,
    {
      node: ({ results }) => (results.some(id => live[id] === 1) ? undefined : null),
      constant: ({ value }) => (live[value] === 1 ? undefined : null),
    },
    deadCode,
  )
}
