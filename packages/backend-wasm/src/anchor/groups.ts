import type { Affine, Elements, Expr, Guard, Store } from '@stint/engine'
import type { Shape } from '@stint/graph'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { Bound } from '../nest/loops.ts'
import { cap, forRange, locals } from './emit.ts'

/** Expressions whose domain is, group by group, some axes of another shape: neighbours merged where every map allows. */
export interface Grouped {
  readonly elements: Elements
  readonly stores: readonly Store[]
  /** Axes of the new domain that each group became. */
  readonly groups: readonly (readonly number[])[]
}

/** `elements` over `shape`, regrouped: `groups` lists every axis of the shape once. */
export function regroup(
  elements: Elements,
  stores: readonly Store[],
  groups: readonly (readonly number[])[],
): Grouped {
  const { domain: shape, exprs } = elements
  const affines = [...exprs.flatMap(affinesOf), ...stores.map(s => s.at)]
  const domain: number[] = []
  /** For each new axis the old one whose coefficient it takes: the innermost. */
  const inner: number[] = []
  const made = groups.map(group => {
    const own: number[] = []
    for (const axis of group) {
      const size = shape[axis]!
      if (size === 1) continue
      const last = own[own.length - 1]
      const merges = last !== undefined && affines.every(a => a.coefs[inner[last]!] === a.coefs[axis]! * size)
      if (merges) {
        domain[last] = domain[last]! * size
        inner[last] = axis
      } else {
        own.push(domain.length)
        domain.push(size)
        inner.push(axis)
      }
    }
    return own
  })
  const map = (a: Affine): Affine => ({ offset: a.offset, coefs: inner.map(axis => a.coefs[axis]!) })
  return {
    elements: { domain, exprs: exprs.map(e => mapAffines(e, map)) },
    stores: stores.map(s => ({ ...s, at: map(s.at) })),
    groups: made,
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

/** The expression with other index maps. */
export function mapAffines(expr: Expr, f: (a: Affine) => Affine): Expr {
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

export type Range = readonly [from: Bound, to: Bound]

/**
 * Runs `body` for the flat indices `start` to before `start + count` over axes of the given sizes, as boxes: the range
 * of each axis. `start` is a multiple of `unit`, and so is `count`, unless it reaches to the end.
 */
export function eachBox(
  f: FunctionBuilder,
  sizes: Shape,
  start: Local,
  count: Bound,
  unit: number,
  body: (ranges: readonly Range[]) => void,
): void {
  if (sizes.length === 0) {
    if (typeof count === 'number') body([])
    else f.get(count).if(() => body([]))
    return
  }
  if (sizes.length === 1) {
    const end = f.local('i32')
    pushSum(f, start, count).set(end)
    body([[start, end]])
    f.release(end)
    return
  }
  // The inner axes `sizes[axis + 1] …` are walked whole, `run` of axis `axis` at a time.
  let axis = sizes.length - 1
  let whole = 1
  let left = unit
  while (axis > 0 && left % sizes[axis]! === 0) {
    left /= sizes[axis]!
    whole *= sizes[axis]!
    axis -= 1
  }
  const run = axis === 0 ? left : gcd(left, sizes[axis]!)
  const [at, end] = locals(f, 2)
  pushSum(f, start, count).set(end)
  forRange(
    f,
    at,
    end,
    () => {
      const own: Local[] = []
      let inner = 1
      const ranges: Range[] = sizes.map(size => [0, size])
      for (let a = sizes.length - 1; a >= 0; a--) {
        const size = sizes[a]!
        if (a <= axis) {
          const [from, to] = locals(f, 2)
          own.push(from, to)
          f.get(at)
          if (inner > 1) f.i32(inner).op('i32.div_u')
          if (a > 0) f.i32(size).op('i32.rem_u')
          f.set(from)
          f.get(from)
            .i32(a === axis ? run : 1)
            .op('i32.add')
            .set(to)
          if (a === 0 && axis === 0) cap(f, to, size)
          ranges[a] = [from, to]
        }
        inner *= size
      }
      body(ranges)
      f.release(...own)
    },
    { from: start, step: run * whole },
  )
  f.release(at, end)
}

function pushSum(f: FunctionBuilder, start: Local, count: Bound): FunctionBuilder {
  f.get(start)
  if (typeof count === 'number') f.i32(count)
  else f.get(count)
  return f.op('i32.add')
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
