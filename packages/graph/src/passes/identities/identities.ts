import type { Graph } from '../../graph.ts'
import { rewrite } from '../rewrite.ts'
import { arithmetic } from './arithmetic.ts'
import { cast } from './cast.ts'
import { movement } from './movement.ts'
import { type Identities, isFixed } from './rule.ts'

const table: Identities = { ...arithmetic, ...movement, cast }

/**
 * Nodes replaced by fewer or smaller ones with the same numbers, bit for bit (which NaN it is aside), and the same
 * derivative. Nothing is reassociated. Kept nodes and results of regions stay.
 */
export function identities(graph: Graph): Graph {
  return rewrite(
    graph,
    {
      node(node, out) {
        if (isFixed(node)) return undefined
        const id = table[node.op]?.(node, out)
        return id === undefined ? undefined : [id]
      },
    },
    identities,
  )
}
