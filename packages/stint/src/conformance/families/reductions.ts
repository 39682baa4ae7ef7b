import * as g from '@stint/graph'
import type { Family } from '../context.ts'

interface Attrs {
  /** All axes where null. */
  readonly dim: readonly number[] | null
  readonly keepdim: boolean
  readonly correction: number
}

const reduction = (fn: (x: g.Value, axes?: g.Axes, keep?: boolean) => g.Value): Family[string] => {
  return ({ input }, { dim, keepdim }: Attrs) => fn(input!, dim ?? undefined, keepdim)
}

const arg = (fn: (x: g.Value, axis?: number, keep?: boolean) => g.Value): Family[string] => {
  return ({ input }, { dim, keepdim }: Attrs) => fn(input!, dim?.[0], keepdim)
}

export const reductions: Family = {
  sum: reduction(g.sum),
  mean: reduction(g.mean),
  max: reduction(g.max),
  min: reduction(g.min),
  prod: reduction(g.prod),
  norm: reduction(g.norm),
  logsumexp: reduction(g.logSumExp),
  var: ({ input }, { dim, keepdim, correction }: Attrs) =>
    g.variance(input!, dim ?? undefined, keepdim, correction),
  std: ({ input }, { dim, keepdim, correction }: Attrs) =>
    g.std(input!, dim ?? undefined, keepdim, correction),
  argmax: arg(g.argMax),
  argmin: arg(g.argMin),
  cumsum: ({ input }, attrs: { dim: number }) => g.cumSum(input!, attrs.dim),
  cumprod: ({ input }, attrs: { dim: number }) => g.cumProd(input!, attrs.dim),
}
