import type { Affine, Expr } from '@stint/engine'
import type { Shape } from '@stint/graph'

/** Marks what depends on a reduction or an anchor, and so is not known at the start. */
export const late: number = 1 << 30

/**
 * The axes that an expression depends on, as bits, from those of its operands; reductions depend on the first `keep`.
 */
export function dependsOf(expr: Expr, depends: readonly number[], domain: Shape, keep: number): number {
  const of = ({ coefs }: Affine): number =>
    coefs.reduce((bits, c, axis) => (c !== 0 && domain[axis] !== 1 ? bits | (1 << axis) : bits), 0)
  const all = (bits: readonly number[]): number => bits.reduce((a, b) => a | b, 0)
  switch (expr.kind) {
    case 'load':
      return of(expr.at) | all(expr.guards.map(g => of(g.at)))
    case 'anchor':
      return ((1 << domain.length) - 1) | late
    case 'reduced':
      return ((1 << keep) - 1) | late
    case 'apply':
      return all(expr.args.map(a => depends[a]!))
    case 'splat':
      return 0
    case 'iota':
    case 'random':
      return of(expr.at)
    case 'select':
      return depends[expr.inside]! | depends[expr.outside]! | all(expr.guards.map(g => of(g.at)))
  }
}
