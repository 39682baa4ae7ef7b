import { type Elements, type Expr, type Kernel, lowerSource, type Source } from '@stint/engine'
import { type DType, dtypeBytes, type Shape, stridesOf } from '@stint/graph'

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
export interface ComputedView {
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
  const elements = { domain: shape, exprs: lowered.exprs.map(e => spread(e, lowered.domain, shape)) }
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

/** The expressions over the axes of `shape`, where axes were merged (or dropped, at size 1) into those of `domain`. */
export function spreadElements(elements: Elements, shape: Shape): Elements {
  return { domain: shape, exprs: elements.exprs.map(e => spread(e, elements.domain, shape)) }
}

function spread(expr: Expr, domain: Shape, shape: Shape): Expr {
  const affine = <A extends { offset: number; coefs: readonly number[] }>(at: A): A => ({
    ...at,
    coefs: spreadCoefs(at.coefs, domain, shape),
  })
  const guards = <G extends { at: { offset: number; coefs: readonly number[] } }>(list: readonly G[]): G[] =>
    list.map(g => ({ ...g, at: affine(g.at) }))
  switch (expr.kind) {
    case 'load':
      return { ...expr, at: affine(expr.at), guards: guards(expr.guards) }
    case 'iota':
    case 'random':
      return { ...expr, at: affine(expr.at) }
    case 'select':
      return { ...expr, guards: guards(expr.guards) }
    default:
      return expr
  }
}

/** Coefficients over `shape` of an affine map over the merged axes `domain`. */
export function spreadCoefs(coefs: readonly number[], domain: Shape, shape: Shape): number[] {
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
