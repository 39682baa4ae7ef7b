import type { Attrs } from './graph.ts'
import type { Value } from './trace/value.ts'
import type { Type } from './type.ts'

/**
 * How a backend runs an op, and what the engine may fuse with it.
 *
 * - `elementwise`: one scalar function at every index; inputs and result have one shape
 * - `movement`: the result's elements are elements of the inputs (or a fill); an index map, never stored of itself
 * - `generator`: elements computed from their index alone (`full`, `iota`) or from index and key (`randomBits`)
 * - `reduction`: folds axes with an associative function
 * - `anchor`: everything a backend has a loop of its own for: contraction, convolution, windows, gather, sort
 * - `control`: carries graphs in its attributes (scan, cond)
 */
export type OpKind = 'elementwise' | 'movement' | 'generator' | 'reduction' | 'anchor' | 'control'

/** What a derivative rule may read. The less it reads, the less must be kept: prefer `result` where it serves. */
export interface RuleContext<A extends Attrs = Attrs> {
  readonly inputs: readonly Value[]
  readonly results: readonly Value[]
  /** The first result. */
  readonly result: Value
  readonly attrs: A
}

/** `t · ∂result/∂inputᵢ`, element by element: its own transpose, so it serves tangents and cotangents alike. */
export type Scale = (t: Value, at: RuleContext) => Value

/**
 * The derivative of an op, once for both modes.
 *
 * - `none`: piecewise constant or not differentiable (comparisons, `floor`, integers): no tangent, no cotangent
 * - `elementwise`: for each input, the product of a (co)tangent with the partial derivative; null where it is zero
 * - `linear`: linear in each of `operands` by itself. Forward: the op with that operand replaced by its tangent.
 *   Reverse: `transpose`, the cotangent of operand `i`. The other operands are not differentiated.
 * - `rule`: both products written out; null entries mean zero
 */
export type Derivative<A extends Attrs = Attrs> =
  | { readonly kind: 'none' }
  | { readonly kind: 'elementwise'; readonly partials: readonly (Scale | null)[] }
  | {
      readonly kind: 'linear'
      readonly operands: readonly number[] | 'all'
      transpose(ct: Value, operand: number, at: RuleContext<A>): Value
    }
  | {
      readonly kind: 'rule'
      jvp(tangents: readonly (Value | null)[], at: RuleContext<A>): readonly (Value | null)[]
      vjp(cotangents: readonly (Value | null)[], at: RuleContext<A>): readonly (Value | null)[]
    }

/** Cheap: recompute freely inside consumers. Costly: the planner weighs it. Never: results must be computed once. */
export type RecomputeClass = 'cheap' | 'costly' | 'never'

// Methods, not function-typed properties: their parameters are checked bivariantly, so that a definition with its
// own attribute type fits the table of all ops.
/** One op: all that the graph, the derivative and the planner need to know of it. Kernels live in the backends. */
export interface OpDef<A extends Attrs = Attrs> {
  readonly name: string
  readonly kind: OpKind
  /** Number of inputs; `[least, most]` where it varies. */
  readonly arity: number | readonly [least: number, most: number]
  /** Types of the results. Throws ShapeError, DTypeError or AttrError. */
  infer(inputs: readonly Type[], attrs: A): readonly Type[]
  /** FLOP of one run; bytes moved follow from the types. */
  flops(inputs: readonly Type[], results: readonly Type[], attrs: A): number
  readonly recompute: RecomputeClass
  readonly derivative: Derivative<A>
  /** Elementwise ops: the scalar meaning, computed in f64 and rounded once to the result's dtype. */
  readonly scalar?: (...x: number[]) => number
  /** Elementwise ops on 32-bit integers where the f64 function would lose bits (`mul`) or differ (`div`). */
  readonly integer?: (...x: number[]) => number
  /** Inputs of an anchor that may be computed on the fly by a fused expression; the others must be stored. */
  readonly prologue?: readonly boolean[]
  /** f(a, b) = f(b, a) bit for bit; lets common subexpressions find both. */
  readonly commutative?: boolean
}
