import { full } from '@stint/graph'
import type { Optimizer, Tensors, Update } from './optimizer.ts'

export interface SgdOptions {
  readonly momentum?: number
  readonly dampening?: number
  readonly nesterov?: boolean
  /** Added to the gradient, times the parameter. */
  readonly weightDecay?: number
}

/**
 * Stochastic gradient descent (Sutskever et al. 2013): buf = momentum · buf + (1 − dampening) g, p −= lr · buf, with
 * Nesterov p −= lr (g + momentum · buf). The buffer starts as the first gradient.
 */
export function sgd(learningRate: number, options: SgdOptions = {}): Optimizer {
  const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options
  const dampened = momentum !== 0 && dampening !== 0
  return {
    kind: 'sgd',
    learningRate,
    // The first step takes the gradient whole, the later ones a share of it.
    shared: dampened ? { share: { shape: [], value: 1 }, next: { shape: [], value: 1 } } : {},
    slots: momentum === 0 ? [] : ['momentum'],
    advance: ({ next }): Tensors =>
      next === undefined ? {} : { share: next, next: full(1 - dampening, next.dtype) },
    update({ parameter, gradient, slots, shared, learningRate: rate }): Update {
      const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay))
      if (momentum === 0) return { parameter: parameter.sub(g.mul(rate)), slots: {} }
      const share = shared.share ?? 1 - dampening
      const buffer = slots.momentum!.mul(momentum).add(g.mul(share))
      const direction = nesterov ? g.add(buffer.mul(momentum)) : buffer
      return { parameter: parameter.sub(direction.mul(rate)), slots: { momentum: buffer } }
    },
  }
}
