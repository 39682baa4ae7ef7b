import type { Affine, Expr, ReduceNest, Reduction, Store } from '@stint/engine'
import { type Shape, sizeOf } from '@stint/graph'
import { mapAffines } from './map.ts'
import { blockSize } from './tile.ts'

/**
 * A reduce nest over axes in the order in which they are walked. Elements of one point are neighbours (`rows`: kept
 * axes, then reduced ones), or the points of the last kept axis are (`columns`: that axis comes last).
 */
export interface ReduceLoops {
  readonly kind: 'rows' | 'columns'
  readonly domain: Shape
  readonly exprs: readonly Expr[]
  readonly reductions: readonly Reduction[]
  readonly stages: number
  readonly perPoint: readonly Store[]
  readonly perElement: readonly Store[]
  /** Kept axes among the leading ones. */
  readonly outer: number
  /** Elements that each point reduces. */
  readonly reduced: number
}

/**
 * The loops of a nest, one after the other over disjoint points: several where the last kept axis is cut into blocks
 * that leave a rest. Each point reads its elements in row-major order of the reduced axes in any case.
 */
export function reduceLoops(nest: ReduceNest): ReduceLoops[] {
  const full = withBothKinds(nest)
  if (!columnsAreNeighbours(full)) return [rows(full)]
  const last = full.keep - 1
  const size = full.domain[last]!
  if (size <= blockSize) return [columns(full)]
  const whole = size - (size % blockSize)
  const main = columns(cut(restrict(full, last, 0, whole), last))
  return whole === size ? [main] : [main, columns(restrict(full, last, whole, size - whole))]
}

/** At least one kept and one reduced axis. */
function withBothKinds(nest: ReduceNest): ReduceNest {
  let result = nest
  if (result.keep === result.domain.length) {
    const append = (a: Affine): Affine => ({ offset: a.offset, coefs: [...a.coefs, 0] })
    result = remap(result, [...result.domain, 1], result.keep, append)
  }
  if (result.keep === 0) {
    const prepend = (a: Affine): Affine => ({ offset: a.offset, coefs: [0, ...a.coefs] })
    result = remap(result, [1, ...result.domain], 1, prepend)
  }
  return result
}

function remap(nest: ReduceNest, domain: Shape, keep: number, affine: (a: Affine) => Affine): ReduceNest {
  const { exprs, stores } = mapAffines(
    { exprs: nest.exprs, stores: [...nest.perPoint, ...nest.perElement] },
    affine,
  )
  const points = nest.perPoint.length
  return { ...nest, domain, keep, exprs, perPoint: stores.slice(0, points), perElement: stores.slice(points) }
}

/** True if most loads step less from one kept point to the next than from one reduced element to the next. */
function columnsAreNeighbours({ domain, keep, exprs }: ReduceNest): boolean {
  const [kept, reduced] = [keep - 1, domain.length - 1]
  if (domain[kept]! < 4 || sizeOf(domain.slice(keep)) < 2) return false
  let votes = 0
  for (const expr of exprs) {
    if (expr.kind !== 'load') continue
    const across = Math.abs(expr.at.coefs[kept]!)
    const along = Math.abs(expr.at.coefs[reduced]!)
    if (across > 0 && along > 0) votes += Math.sign(along - across)
  }
  return votes > 0
}

function rows(nest: ReduceNest): ReduceLoops {
  return { ...nest, kind: 'rows', outer: nest.keep, reduced: sizeOf(nest.domain.slice(nest.keep)) }
}

function columns(nest: ReduceNest): ReduceLoops {
  const last = nest.keep - 1
  const move = <T>(list: readonly T[]): T[] => [...list.slice(0, last), ...list.slice(last + 1), list[last]!]
  const affine = (a: Affine): Affine => ({ offset: a.offset, coefs: move(a.coefs) })
  const moved = remap(nest, move(nest.domain), last, affine)
  return { ...moved, kind: 'columns', outer: last, reduced: sizeOf(nest.domain.slice(nest.keep)) }
}

/** Some indices of one axis. */
function restrict(nest: ReduceNest, axis: number, start: number, size: number): ReduceNest {
  const affine = (a: Affine): Affine => ({ offset: a.offset + start * a.coefs[axis]!, coefs: a.coefs })
  return remap(nest, nest.domain.with(axis, size), nest.keep, affine)
}

/** Cuts one kept axis into blocks: two axes. */
function cut(nest: ReduceNest, axis: number): ReduceNest {
  const split = (list: readonly number[], first: number, second: number): number[] => [
    ...list.slice(0, axis),
    first,
    second,
    ...list.slice(axis + 1),
  ]
  const affine = ({ offset, coefs }: Affine): Affine => ({
    offset,
    coefs: split(coefs, coefs[axis]! * blockSize, coefs[axis]!),
  })
  const domain = split(nest.domain, nest.domain[axis]! / blockSize, blockSize)
  return remap(nest, domain, nest.keep + 1, affine)
}
