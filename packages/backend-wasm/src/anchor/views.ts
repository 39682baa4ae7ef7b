import { type Affine, type Elements, type Kernel, lowerSource, type Source, type Store } from '@stint/engine'
import { type DType, dtypeBytes, type Shape, stridesOf } from '@stint/graph'
import { mapAffines } from './groups.ts'

/** A source that lies in memory: one stride, in bytes, along each of its own axes. */
export interface StridedView {
  readonly kind: 'strided'
  readonly operand: number
  readonly dtype: DType
  readonly shape: Shape
  /** Bytes. */
  readonly offset: number
  readonly strides: readonly number[]
}

/** A source to be computed: expressions over its own axes. */
interface ComputedView {
  readonly kind: 'computed'
  readonly dtype: DType
  readonly shape: Shape
  readonly elements: Elements
  readonly expr: number
}

export type View = StridedView | ComputedView

/** How an anchor's source can be read. Movement without padding stays a view of memory. */
export function viewOf(kernel: Kernel, source: Source): View {
  const { dtype, shape } = source.type
  const bytes = dtypeBytes(dtype)
  if (source.kind === 'operand') {
    const strides = stridesOf(shape).map(s => s * bytes)
    return { kind: 'strided', operand: source.operand, dtype, shape, offset: 0, strides }
  }
  const lowered = lowerSource(kernel, source.local)
  const elements = spreadElements(lowered, shape)
  const expr = elements.exprs[lowered.expr]!
  if (expr.kind === 'load' && expr.guards.length === 0 && expr.dtype === dtype)
    return {
      kind: 'strided',
      operand: expr.operand,
      dtype,
      shape,
      offset: expr.at.offset * bytes,
      strides: expr.at.coefs.map(c => c * bytes),
    }
  return { kind: 'computed', dtype, shape, elements, expr: lowered.expr }
}

/** The expressions over the axes of `shape`, which were merged (or dropped, at size 1) into those of the domain. */
export function spreadElements({ domain, exprs }: Elements, shape: Shape): Elements {
  const map = (a: Affine): Affine => ({ offset: a.offset, coefs: spreadCoefs(a.coefs, domain, shape) })
  return { domain: shape, exprs: exprs.map(e => mapAffines(e, map)) }
}

/** The stores likewise. */
export function spreadStores(stores: readonly Store[], domain: Shape, shape: Shape): Store[] {
  return stores.map(s => ({
    ...s,
    at: { offset: s.at.offset, coefs: spreadCoefs(s.at.coefs, domain, shape) },
  }))
}

/** Coefficients over `shape` of an affine map over the merged axes `domain`. */
function spreadCoefs(coefs: readonly number[], domain: Shape, shape: Shape): number[] {
  const list = new Array<number>(shape.length).fill(0)
  let axis = shape.length - 1
  for (let group = domain.length - 1; group >= 0; group--) {
    let inner = 1
    while (inner < domain[group]!) {
      const size = shape[axis]!
      if (size > 1) list[axis] = coefs[group]! * inner
      inner *= size
      axis -= 1
    }
  }
  return list
}

/** A view as expressions over its own axes; that of a stored operand is its first. */
export function elementsOf(view: View): Elements {
  if (view.kind === 'computed') return view.elements
  const { operand, dtype, shape, offset, strides } = view
  const bytes = dtypeBytes(dtype)
  const at = { offset: offset / bytes, coefs: strides.map(s => s / bytes) }
  return { domain: shape, exprs: [{ kind: 'load', operand, at, guards: [], dtype }] }
}

/** A view with one spatial axis `[N, C, W]` as one with two, `[N, C, 1, W]`. */
export function asPlane(view: View): View {
  if (view.shape.length === 4) return view
  const [n, c, w] = view.shape as [number, number, number]
  const shape = [n, c, 1, w]
  const wide = ([cn, cc, cw]: readonly number[]): number[] => [cn!, cc!, 0, cw!]
  if (view.kind === 'strided') return { ...view, shape, strides: wide(view.strides) }
  const exprs = view.elements.exprs.map(e =>
    mapAffines(e, ({ offset, coefs }) => ({ offset, coefs: wide(coefs) })),
  )
  return { ...view, shape, elements: { domain: shape, exprs } }
}
