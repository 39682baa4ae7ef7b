import type { Value } from '@stint/graph'
import type { Tensors } from './optimizer.ts'

/** √ Σ g² over all gradients (Pascanu et al. 2013). */
export function globalNorm(gradients: Tensors): Value {
  const squares = Object.values(gradients).map(g => g.square().sum())
  return squares.reduce((a, b) => a.add(b)).sqrt()
}

/** Gradients scaled so that their global norm is at most `limit`; the scale is limit / (norm + 1e-6), as in PyTorch. */
export function clipByGlobalNorm(gradients: Tensors, limit: number): { gradients: Tensors; norm: Value } {
  const norm = globalNorm(gradients)
  const scale = norm.add(1e-6).reciprocal().mul(limit).minimum(1)
  return {
    norm,
    gradients: Object.fromEntries(Object.entries(gradients).map(([path, g]) => [path, g.mul(scale)])),
  }
}
