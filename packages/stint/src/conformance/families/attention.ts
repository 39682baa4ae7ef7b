import { iota, swapAxes, type Value } from '@stint/graph'
import type { Family } from '../context.ts'

interface Attrs {
  readonly causal: boolean
  readonly scale: number | null
}

/** Scores where a query may attend to a key, −∞ elsewhere. */
function masked(scores: Value, allowed: Value): Value {
  return allowed.broadcast(scores.shape).where(scores, Number.NEGATIVE_INFINITY)
}

export const attention: Family = {
  sdpa: ({ query, key, value, mask }, { causal, scale }: Attrs) => {
    const size = query!.shape.at(-1)!
    let scores = query!.matmul(swapAxes(key!, -1, -2)).mul(scale ?? 1 / Math.sqrt(size))
    const plane = scores.shape.slice(-2)
    if (causal) scores = masked(scores, iota(plane, 1).le(iota(plane, 0)))
    if (mask !== undefined) scores = masked(scores, mask.ne(0))
    return scores.softmax(-1).matmul(value!)
  },
}
