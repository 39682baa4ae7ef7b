import type { Optimizer } from './optimizer.ts'

export interface AdamOptions {
  readonly beta1?: number
  readonly beta2?: number
  readonly eps?: number
  /** Added to the gradient (`adam`) or taken off the parameter directly (`adamw`). */
  readonly weightDecay?: number
}

/** Adam (Kingma & Ba 2015); `eps` is added to √v̂ after bias correction. */
export function adam(learningRate = 1e-3, options: AdamOptions = {}): Optimizer {
  return adamLike('adam', learningRate, options, false)
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019). */
export function adamw(learningRate = 1e-3, options: AdamOptions = {}): Optimizer {
  return adamLike('adamw', learningRate, { weightDecay: 0.01, ...options }, true)
}

function adamLike(kind: string, learningRate: number, options: AdamOptions, decoupled: boolean): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 } = options
  return {
    kind,
    learningRate,
    // 1 − βᵗ, carried as c ← β c + (1 − β): exact to rounding from the first step on, where 1 − βᵗ would cancel.
    shared: { correction1: { shape: [], value: 0 }, correction2: { shape: [], value: 0 } },
    slots: ['mean', 'square'],
    advance: ({ correction1, correction2 }) => ({
      correction1: correction1!.mul(beta1).add(1 - beta1),
      correction2: correction2!.mul(beta2).add(1 - beta2),
    }),
    update({ parameter, gradient, slots, shared, learningRate: rate }) {
      const p =
        decoupled && weightDecay !== 0 ? parameter.sub(parameter.mul(weightDecay).mul(rate)) : parameter
      const g = !decoupled && weightDecay !== 0 ? gradient.add(parameter.mul(weightDecay)) : gradient
      const mean = slots.mean!.mul(beta1).add(g.mul(1 - beta1))
      const square = slots.square!.mul(beta2).add(g.square().mul(1 - beta2))
      const corrected = mean.div(shared.correction1!)
      const scale = square.div(shared.correction2!).sqrt().add(eps)
      return { parameter: p.sub(corrected.div(scale).mul(rate)), slots: { mean, square } }
    },
  }
}
