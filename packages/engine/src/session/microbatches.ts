import {
  dropStopGradient,
  type Graph,
  type MicrobatchOptions,
  microbatch,
  microbatchCounts,
  simplify,
} from '@stint/graph'

/**
 * Gradient accumulation: into how many equal slices the batch is cut, which are computed one after the other in one
 * program. Sums over the batch are then added slice by slice, which changes their rounding and nothing else.
 */
export type Microbatches = number | MicrobatchOptions

/** The graph with its batch cut into slices. Throws MicrobatchError. */
export function cutBatch(graph: Graph, microbatches: Microbatches | undefined): Graph {
  if (microbatches === undefined) return graph
  return microbatch(simplify(dropStopGradient(graph)), optionsOf(microbatches))
}

/** Counts of microbatches that a graph could be cut into, above those that are asked for now; none where it cannot be. */
export function moreMicrobatches(graph: Graph, microbatches: Microbatches | undefined): number[] {
  const { count, inputs, rows } = optionsOf(microbatches ?? 1)
  if (rows !== undefined) return []
  return microbatchCounts(simplify(dropStopGradient(graph)), inputs).filter(n => n > (count ?? 1))
}

export function optionsOf(microbatches: Microbatches): MicrobatchOptions {
  return typeof microbatches === 'number' ? { count: microbatches } : microbatches
}
