import { swapAxes, type Value } from '@stint/graph'
import { attention as attend } from '@stint/nn'
import { type Family, Unsupported } from '../context.ts'

interface Attrs {
  readonly causal: boolean
  readonly scale: number | null
}

/** softmax(q kᵀ / √d) v where `mask` is not 0. */
function masked(query: Value, key: Value, value: Value, mask: Value): Value {
  const scores = query.matmul(swapAxes(key, -1, -2)).mul(1 / Math.sqrt(query.shape.at(-1)!))
  const allowed = mask.ne(0).broadcast(scores.shape)
  return allowed.where(scores, Number.NEGATIVE_INFINITY).softmax().matmul(value)
}

export const attention: Family = {
  sdpa: ({ query, key, value, mask }, { causal, scale }: Attrs) => {
    if (scale !== null) throw new Unsupported('attention with a scale of its own')
    if (mask !== undefined) return masked(query!, key!, value!, mask)
    // Heads, where there are any, stand before positions here, and behind them there.
    const single = query!.shape.length === 3
    const [q, k, v] = [query!, key!, value!].map(x => (single ? x.expandDims(2) : swapAxes(x, 1, 2)))
    const y = attend(q!, k!, v!, { causal })
    return single ? y.squeeze(2) : swapAxes(y, 1, 2)
  },
  multi_head_attention: () => {
    throw new Unsupported('an attention layer that gives its weights, and one that reads a memory')
  },
}
