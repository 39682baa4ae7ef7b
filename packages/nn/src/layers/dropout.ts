import { StintError } from '@stint/graph'
import type { Module } from '../module.ts'

/** While training, zeroes each element with probability `p` and scales the others by 1 / (1 − p) (Srivastava et al. 2014). */
export function dropout(p = 0.5): Module {
  if (!(p >= 0 && p < 1))
    throw new StintError('ATTR', 'the probability is out of range', {
      op: 'dropout',
      expected: '0 ≤ p < 1',
      got: String(p),
    })
  return {
    kind: 'dropout',
    forward: (scope, x) =>
      scope.training && p > 0
        ? scope
            .uniform(x.shape)
            .ge(p)
            .where(x.mul(1 / (1 - p)), 0)
        : x,
  }
}
