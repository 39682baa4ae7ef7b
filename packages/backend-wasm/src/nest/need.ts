import type { Expr, Guard } from '@stint/engine'
import type { Facts } from './facts.ts'

/** The most code, in expressions, that loops are split into where guards differ; more only if there are many anyway. */
const maxSplit = 4000

/** The expressions that `roots` need where `facts` hold, in order. */
export function neededExprs(
  exprs: readonly Expr[],
  roots: readonly number[],
  facts: Facts,
): readonly number[] {
  return remembered(needs, facts, roots, () => reach(exprs, roots, expr => operandsOf(expr, facts)))
}

/** Those of them that are needed whatever the guards say that `facts` leave open. */
export function certainExprs(
  exprs: readonly Expr[],
  roots: readonly number[],
  facts: Facts,
): readonly number[] {
  const isOpen = (expr: Expr): boolean => expr.kind === 'select' && facts.all(expr.guards) === undefined
  return remembered(certainties, facts, roots, () =>
    reach(exprs, roots, expr => (isOpen(expr) ? [] : operandsOf(expr, facts))),
  )
}

/** Lists by what is known and asked for: code generation asks for the same ones many times. */
type Memory = WeakMap<Facts, WeakMap<readonly number[], readonly number[]>>

const needs: Memory = new WeakMap()
const certainties: Memory = new WeakMap()

function remembered(
  memory: Memory,
  facts: Facts,
  roots: readonly number[],
  make: () => readonly number[],
): readonly number[] {
  let byRoots = memory.get(facts)
  if (byRoots === undefined) {
    byRoots = new WeakMap()
    memory.set(facts, byRoots)
  }
  let list = byRoots.get(roots)
  if (list === undefined) {
    list = make()
    byRoots.set(roots, list)
  }
  return list
}

function reach(
  exprs: readonly Expr[],
  roots: readonly number[],
  operands: (expr: Expr) => readonly number[],
): readonly number[] {
  const seen = new Set<number>()
  const rest = [...roots]
  for (let e = rest.pop(); e !== undefined; e = rest.pop()) {
    if (seen.has(e)) continue
    seen.add(e)
    rest.push(...operands(exprs[e]!))
  }
  return [...seen].sort((a, b) => a - b)
}

/** The operands that matter: of a selection, the side that is known to be taken. */
function operandsOf(expr: Expr, facts: Facts): readonly number[] {
  switch (expr.kind) {
    case 'apply':
      return expr.args
    case 'random':
      return [expr.seed, expr.step]
    case 'select': {
      const holds = facts.all(expr.guards)
      if (holds === undefined) return [expr.inside, expr.outside]
      return [holds ? expr.inside : expr.outside]
    }
    default:
      return []
  }
}

/** A guard that `facts` leave open, that something needed depends on, and that `only` accepts. */
export function openGuard(
  exprs: readonly Expr[],
  roots: readonly number[],
  facts: Facts,
  only: (guard: Guard) => boolean = () => true,
): Guard | undefined {
  for (const e of neededExprs(exprs, roots, facts)) {
    const expr = exprs[e]!
    if (expr.kind !== 'load' && expr.kind !== 'select') continue
    if (facts.all(expr.guards) !== undefined) continue
    const guard = expr.guards.find(g => facts.holds(g) === undefined && only(g))
    if (guard !== undefined) return guard
  }
  return undefined
}

/** What is known below, inside and above the guard's bounds, where there are such indices. */
export function splitFacts({ at, low, high }: Guard, facts: Facts): readonly (Facts | null)[] {
  const infinite = Number.MAX_SAFE_INTEGER
  return [
    facts.with(at, -infinite, low - 1),
    facts.with(at, low, high - 1),
    facts.with(at, high, infinite),
  ].map(part => {
    const [least, greatest] = part.interval(at)
    return least <= greatest ? part : null
  })
}

/** Whether code of its own for each combination of guards stays within bounds. */
export function canSplit(
  exprs: readonly Expr[],
  roots: readonly number[],
  facts: Facts,
  only?: (guard: Guard) => boolean,
): boolean {
  const limit = Math.max(maxSplit, 3 * neededExprs(exprs, roots, facts).length)
  let size = 0
  const visit = (known: Facts): void => {
    if (size > limit) return
    const guard = openGuard(exprs, roots, known, only)
    if (guard === undefined) size += neededExprs(exprs, roots, known).length + 8
    else for (const part of splitFacts(guard, known)) if (part !== null) visit(part)
  }
  visit(facts)
  return size <= limit
}
