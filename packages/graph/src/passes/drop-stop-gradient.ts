import type { Graph, ValueId } from '../graph.ts'
import { rewrite } from './rewrite.ts'

/** Without `stopGradient`, which means nothing once all derivatives are taken. */
export function dropStopGradient(graph: Graph): Graph {
  return rewrite(
    graph,
    {
      node({ op, inputs, hints }, out) {
        if (op !== 'stopGradient') return undefined
        const [x] = inputs as [ValueId]
        out.handOn(hints, x)
        return [x]
      },
    },
    dropStopGradient,
  )
}
