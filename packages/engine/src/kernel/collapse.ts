import type { Shape } from '@stint/graph'
import type { Affine } from './affine.ts'
import type { Elements, Expr, Guard, Store } from './nest.ts'

/**
 * Merges neighbouring axes of the domain that every index map walks as one, and drops axes of size 1: long inner
 * loops for the backends, without a change of order. The first `keep` axes are never merged with the others.
 */
export function collapse(
  elements: Elements,
  stores: readonly Store[],
  keep = 0,
): Elements & { readonly stores: readonly Store[]; readonly keep: number } {
  const affines = [...elements.exprs.flatMap(affinesOf), ...stores.map(s => s.at)]
  const groups: number[][] = []
  for (const [dim, size] of elements.domain.entries()) {
    if (size === 1) continue
    const last = groups[groups.length - 1]
    const inner = last?.[last.length - 1]
    const merges =
      last !== undefined &&
      inner !== undefined &&
      inner < keep === dim < keep &&
      affines.every(a => a.coefs[inner] === a.coefs[dim]! * size)
    if (merges) last.push(dim)
    else groups.push([dim])
  }
  const domain: Shape = groups.map(g => g.reduce((n, dim) => n * elements.domain[dim]!, 1))
  const narrow = (a: Affine): Affine => ({
    offset: a.offset,
    coefs: groups.map(g => a.coefs[g[g.length - 1]!]!),
  })
  return {
    domain,
    exprs: elements.exprs.map(e => mapAffines(e, narrow)),
    stores: stores.map(s => ({ ...s, at: narrow(s.at) })),
    keep: groups.filter(g => g[0]! < keep).length,
  }
}

function affinesOf(expr: Expr): Affine[] {
  switch (expr.kind) {
    case 'load':
      return [expr.at, ...expr.guards.map(g => g.at)]
    case 'iota':
    case 'random':
      return [expr.at]
    case 'select':
      return expr.guards.map(g => g.at)
    default:
      return []
  }
}

function mapAffines(expr: Expr, f: (a: Affine) => Affine): Expr {
  const guard = (g: Guard): Guard => ({ ...g, at: f(g.at) })
  switch (expr.kind) {
    case 'load':
      return { ...expr, at: f(expr.at), guards: expr.guards.map(guard) }
    case 'iota':
    case 'random':
      return { ...expr, at: f(expr.at) }
    case 'select':
      return { ...expr, guards: expr.guards.map(guard) }
    default:
      return expr
  }
}
