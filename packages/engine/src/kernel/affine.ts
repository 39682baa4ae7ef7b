import { type Shape, stridesOf } from '@stint/graph'

/** offset + Σ coefs[i] · index[i], over the loop indices of a nest. */
export interface Affine {
  readonly offset: number
  readonly coefs: readonly number[]
}

export function constantAffine(rank: number, offset: number): Affine {
  return { offset, coefs: new Array<number>(rank).fill(0) }
}

/** The loop index `dim` itself. */
export function unit(rank: number, dim: number): Affine {
  return { offset: 0, coefs: Array.from({ length: rank }, (_, i) => (i === dim ? 1 : 0)) }
}

export function sameAffine(a: Affine, b: Affine): boolean {
  return a.offset === b.offset && a.coefs.every((c, i) => c === b.coefs[i])
}

/** a + k·b. */
export function addScaled(a: Affine, b: Affine, k: number): Affine {
  return { offset: a.offset + k * b.offset, coefs: a.coefs.map((c, i) => c + k * b.coefs[i]!) }
}

export function shift(a: Affine, by: number): Affine {
  return { offset: a.offset + by, coefs: a.coefs }
}

/** Least and greatest value over a domain of the given sizes. */
function range(a: Affine, domain: Shape): readonly [least: number, greatest: number] {
  let [low, high] = [a.offset, a.offset]
  for (const [i, c] of a.coefs.entries()) {
    const reach = c * (domain[i]! - 1)
    if (reach < 0) low += reach
    else high += reach
  }
  return [low, high]
}

/**
 * Where a node is read: the index into each of its axes, as functions of the loop indices, and the row-major position
 * that follows. After some reshapes only the position is known.
 */
export interface IndexMap {
  readonly axes: readonly Affine[] | null
  readonly flat: Affine
}

export function mapOf(axes: readonly Affine[], shape: Shape, rank: number): IndexMap {
  const strides = stridesOf(shape)
  let flat = constantAffine(rank, 0)
  for (const [i, axis] of axes.entries()) flat = addScaled(flat, axis, strides[i]!)
  return { axes, flat }
}

/** The map of a dense value over its own shape as the domain. */
export function identityMap(shape: Shape): IndexMap {
  return mapOf(
    shape.map((_, i) => unit(shape.length, i)),
    shape,
    shape.length,
  )
}

/** The same position in another shape; per-axis indices where they are affine again. */
export function reshapeMap(map: IndexMap, to: Shape, domain: Shape): IndexMap {
  return { axes: unflatten(map.flat, to, domain), flat: map.flat }
}

/**
 * Splits a row-major position into indices of `shape`. An axis takes the terms that are multiples of its stride; what
 * is left must stay below the stride everywhere in the domain, or the index is not affine: null.
 */
function unflatten(flat: Affine, shape: Shape, domain: Shape): Affine[] | null {
  const strides = stridesOf(shape)
  const axes: Affine[] = []
  let rest: Affine = { offset: flat.offset, coefs: flat.coefs.map((c, i) => (domain[i] === 1 ? 0 : c)) }
  for (const [j, size] of shape.entries()) {
    const stride = strides[j]!
    if (size === 1) {
      axes.push(constantAffine(domain.length, 0))
      continue
    }
    const axis: Affine = {
      offset: Math.floor(rest.offset / stride),
      coefs: rest.coefs.map(c => (c % stride === 0 ? c / stride : 0)),
    }
    rest = addScaled(rest, axis, -stride)
    const [low, high] = range(rest, domain)
    if (low < 0 || high >= stride) return null
    axes.push(axis)
  }
  return axes
}
