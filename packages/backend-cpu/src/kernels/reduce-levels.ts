import type { Affine, Expr, Guard, Reduction, Store } from '@stint/engine'
import type { ReduceLoops } from './reduce-domain.ts'
import { argsOf, invariants, type Node } from './schedule.ts'

/**
 * The expressions of reduce loops by how often they are computed: once a run (`fixed`), once a point (what reductions
 * and values of the kept axes alone make), or at every element. Where an element needs what belongs to its point, a
 * `spread` stands between.
 */
export interface Levels {
  readonly nodes: readonly Node[]
  readonly fixed: ReadonlySet<number>
  /** Their index maps are over the kept axes. */
  readonly points: ReadonlySet<number>
  readonly reductions: readonly Reduction[]
  readonly perPoint: readonly Store[]
  readonly perElement: readonly Store[]
}

export function levelsOf(loops: ReduceLoops): Levels {
  const { exprs } = loops
  const fixed = invariants(exprs)
  const points = new Set<number>()
  for (const [e, expr] of exprs.entries())
    if (!fixed.has(e) && affinesOf(expr).every(a => isKept(a, loops)))
      if (argsOf(expr).every(arg => fixed.has(arg) || points.has(arg))) points.add(e)
  const nodes: Node[] = []
  const spreads = new Map<number, number>()
  const spread = (e: number): number => {
    if (!points.has(e)) return e
    const known = spreads.get(e)
    if (known !== undefined) return known
    const made = exprs.length + spreads.size
    spreads.set(e, made)
    return made
  }
  for (const [e, expr] of exprs.entries())
    nodes.push(points.has(e) ? withAffines(expr, a => keptAffine(a, loops)) : withArgs(expr, spread))
  const reductions = loops.reductions.map(r => ({ ...r, expr: spread(r.expr) }))
  const perElement = loops.perElement.map(s => ({ ...s, expr: spread(s.expr) }))
  const perPoint = loops.perPoint.map(s => ({ ...s, at: keptAffine(s.at, loops) }))
  for (const from of spreads.keys()) nodes.push({ kind: 'spread', from, dtype: exprs[from]!.dtype })
  return { nodes, fixed, points, reductions, perPoint, perElement }
}

function affinesOf(expr: Expr): readonly Affine[] {
  return [...('at' in expr ? [expr.at] : []), ...('guards' in expr ? expr.guards.map(g => g.at) : [])]
}

function withAffines(expr: Expr, affine: (a: Affine) => Affine): Expr {
  const at = 'at' in expr && { at: affine(expr.at) }
  const guards = 'guards' in expr && {
    guards: expr.guards.map((g): Guard => ({ ...g, at: affine(g.at) })),
  }
  return { ...expr, ...at, ...guards }
}

function withArgs(expr: Expr, to: (e: number) => number): Expr {
  switch (expr.kind) {
    case 'apply':
      return { ...expr, args: expr.args.map(to) }
    case 'select':
      return { ...expr, inside: to(expr.inside), outside: to(expr.outside) }
    default:
      // Seed and step of random bits are the same everywhere, so one is as good as all.
      return expr
  }
}

function isReduced(axis: number, { kind, domain, outer }: ReduceLoops): boolean {
  return axis >= outer && !(kind === 'columns' && axis === domain.length - 1)
}

function isKept(at: Affine, loops: ReduceLoops): boolean {
  return at.coefs.every((c, axis) => c === 0 || !isReduced(axis, loops))
}

/** A map over the kept axes alone. */
function keptAffine(at: Affine, loops: ReduceLoops): Affine {
  return { offset: at.offset, coefs: at.coefs.filter((_, axis) => !isReduced(axis, loops)) }
}

/** The kept axes of the domain. */
export function keptDomain(loops: ReduceLoops): number[] {
  return loops.domain.filter((_, axis) => !isReduced(axis, loops))
}
