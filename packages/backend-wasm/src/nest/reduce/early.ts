import type { ReduceNest } from '@stint/engine'

/**
 * True if what is written at every element is what the last stage folds (the exponentials of a softmax, and their sum):
 * then it is written while that is folded, and not computed again. Nothing of the point is read afterwards, so a result
 * may still take the place of what it is computed from.
 */
export function storesEarly({ reductions, stages, perElement }: ReduceNest): boolean {
  const folded = new Set(reductions.filter(r => r.stage === stages - 1).map(r => r.expr))
  return perElement.length > 0 && perElement.every(s => folded.has(s.expr))
}
