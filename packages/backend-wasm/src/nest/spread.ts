import type { Affine, Elements, Expr } from '@stint/engine'
import { type Shape, sizeOf } from '@stint/graph'

/**
 * The same expressions over the axes of `shape`, whose neighbours the domain has merged: for loops that need the axes
 * apart. Throws RangeError if the domain is not `shape` with axes merged.
 */
export function spread({ domain, exprs }: Elements, shape: Shape): Elements {
  const of: (readonly [merged: number, inner: number])[] = shape.map(() => [-1, 0] as const)
  let [merged, inner] = [domain.length - 1, 1]
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!
    if (size === 1) continue
    of[axis] = [merged, inner]
    inner *= size
    if (inner === domain[merged]) {
      merged -= 1
      inner = 1
    }
  }
  if (merged !== -1 && sizeOf(shape) !== 0)
    throw new RangeError(`[${domain.join(', ')}] is not [${shape.join(', ')}] with axes merged`)
  const affine = ({ offset, coefs }: Affine): Affine => ({
    offset,
    coefs: of.map(([axis, stride]) => (axis < 0 ? 0 : coefs[axis]! * stride)),
  })
  return { domain: shape, exprs: exprs.map(e => mapExpr(e, affine)) }
}

function mapExpr(expr: Expr, affine: (a: Affine) => Affine): Expr {
  switch (expr.kind) {
    case 'load':
      return { ...expr, at: affine(expr.at), guards: expr.guards.map(g => ({ ...g, at: affine(g.at) })) }
    case 'select':
      return { ...expr, guards: expr.guards.map(g => ({ ...g, at: affine(g.at) })) }
    case 'iota':
    case 'random':
      return { ...expr, at: affine(expr.at) }
    default:
      return expr
  }
}
