import type { Graph } from '../graph.ts'
import { commonSubexpressions } from './common-subexpressions.ts'
import { deadCode } from './dead-code.ts'
import { foldConstants } from './fold-constants.ts'
import { identities } from './identities/identities.ts'

// Equal constants become one before any is folded, so that folding sees all that reads them.
const sequence: readonly ((graph: Graph) => Graph)[] = [
  deadCode,
  commonSubexpressions,
  foldConstants,
  identities,
  deadCode,
]

/**
 * Fewer nodes that compute the same numbers, bit for bit, with the same derivatives: dead code, constants, exact
 * identities and common subexpressions, again until nothing changes. Inputs, state and outputs stay as they are.
 */
export function simplify(graph: Graph): Graph {
  let simple = graph
  for (;;) {
    const before = simple
    for (const pass of sequence) simple = pass(simple)
    if (simple === before) return simple
  }
}
