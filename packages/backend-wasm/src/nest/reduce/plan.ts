import type { Guard, ReduceNest } from '@stint/engine'
import { sizeOf } from '@stint/graph'
import { nestWork } from '../cost.ts'
import { Facts } from '../facts.ts'
import { chunkElements } from './accumulator.ts'

/** How a reduce nest runs; none of it shows in the results. */
export interface ReducePlan {
  readonly nest: ReduceNest
  /** Vectors lie along the reduced elements of a point (`rows`), or along points side by side (`columns`). */
  readonly kind: 'rows' | 'columns'
  /** The axis of vectors; −1 if there is none. */
  readonly axis: number
  readonly points: number
  /** Elements that each point reduces. */
  readonly elements: number
  readonly chunks: number
  /** Points are few and their elements many: the work is split by chunks, whose values pass through the workspace. */
  readonly byChunks: boolean
}

export function planReduce(nest: ReduceNest): ReducePlan {
  const { domain, keep } = nest
  const points = sizeOf(domain.slice(0, keep))
  const elements = sizeOf(domain.slice(keep))
  const along = keep < domain.length ? domain.length - 1 : -1
  const columns =
    keep > 0 && along >= 0 && !guardsCross(nest) && nestWork(nest, keep - 1) < nestWork(nest, along)
  const chunks = Math.max(1, Math.ceil(elements / chunkElements))
  return {
    nest,
    kind: columns ? 'columns' : 'rows',
    axis: columns ? keep - 1 : along,
    points,
    elements,
    chunks,
    byChunks: chunks > 1 && points < 32,
  }
}

/** True if a guard depends on the last kept axis and on a reduced one: then it cannot be settled for whole columns. */
function guardsCross({ exprs, domain, keep }: ReduceNest): boolean {
  const facts = new Facts(domain)
  const crosses = ({ at: { coefs } }: Guard): boolean =>
    coefs[keep - 1] !== 0 && coefs.some((c, a) => a >= keep && c !== 0)
  return exprs.some(
    e =>
      (e.kind === 'load' || e.kind === 'select') &&
      facts.all(e.guards) === undefined &&
      e.guards.some(crosses),
  )
}
