import type { Affine, Expr, Guard } from '@stint/engine'
import type { DType } from '@stint/graph'
import type { Layout } from './design.ts'
import { laneBytes } from './lanes.ts'

/** The value of a point at each of its elements (reductions only). */
interface Spread {
  readonly kind: 'spread'
  readonly from: number
  readonly dtype: DType
}

export type Node = Expr | Spread

/** Expressions that an expression reads. */
export function argsOf(expr: Node): readonly number[] {
  switch (expr.kind) {
    case 'spread':
      return [expr.from]
    case 'apply':
      return expr.args
    case 'select':
      return [expr.inside, expr.outside]
    case 'random':
      return [expr.seed, expr.step]
    default:
      return []
  }
}

/** Everything that `roots` are computed from, and they themselves, each after what it reads; without what is `known`. */
export function neededFor(
  roots: readonly number[],
  exprs: readonly Node[],
  known: ReadonlySet<number>,
): number[] {
  const found = new Set<number>()
  const order: number[] = []
  const visit = (e: number): void => {
    if (found.has(e) || known.has(e)) return
    found.add(e)
    for (const arg of argsOf(exprs[e]!)) visit(arg)
    order.push(e)
  }
  for (const root of roots) visit(root)
  return order
}

/** The expressions that are the same at every point, so that one block of each serves a whole run. */
export function invariants(exprs: readonly Expr[]): Set<number> {
  const constant = (a: Affine): boolean => a.coefs.every(c => c === 0)
  const guarded = (guards: readonly Guard[]): boolean => guards.some(g => !constant(g.at))
  const found = new Set<number>()
  for (const [i, expr] of exprs.entries()) {
    const fixed =
      expr.kind === 'splat' ||
      (expr.kind === 'load' && constant(expr.at) && !guarded(expr.guards)) ||
      (expr.kind === 'iota' && constant(expr.at)) ||
      (expr.kind === 'select' && !guarded(expr.guards) && argsOf(expr).every(e => found.has(e))) ||
      (expr.kind === 'apply' && expr.args.every(e => found.has(e)))
    if (fixed) found.add(i)
  }
  return found
}

/** What is computed in a row, and what is read when that is done. */
export interface Phase {
  readonly order: readonly number[]
  readonly reads: readonly number[]
}

/**
 * Gives each expression that is computed a place in the workspace of `capacity` elements, which it keeps until its
 * last reader. What `phases` compute stays known in later ones.
 */
export function assignPlaces(
  exprs: readonly Node[],
  phases: readonly Phase[],
  capacity: number,
  layout: Layout,
  hasOwnLane: (e: number) => boolean,
): Map<number, number> {
  const last = new Map<number, number>()
  let time = 0
  for (const { order, reads } of phases) {
    for (const e of order) {
      time++
      for (const arg of argsOf(exprs[e]!)) last.set(arg, time)
    }
    time++
    for (const e of reads) last.set(e, time)
  }
  const free: { readonly [bytes: number]: number[] } = { 4: [], 8: [] }
  const places = new Map<number, number>()
  const release = (e: number, now: number): void => {
    const place = places.get(e)
    if (place === undefined || last.get(e) !== now) return
    const list = free[laneBytes(exprs[e]!.dtype)]!
    if (!list.includes(place)) list.push(place)
  }
  time = 0
  for (const { order, reads } of phases) {
    for (const e of order) {
      time++
      const expr = exprs[e]!
      // Element by element, an op may overwrite what it reads; the other instructions may not.
      if (expr.kind === 'apply') for (const arg of expr.args) release(arg, time)
      if (hasOwnLane(e)) {
        const bytes = laneBytes(expr.dtype)
        places.set(e, free[bytes]!.pop() ?? layout.add(capacity * bytes))
      }
      if (expr.kind !== 'apply') for (const arg of argsOf(expr)) release(arg, time)
    }
    time++
    for (const e of reads) release(e, time)
  }
  return places
}
