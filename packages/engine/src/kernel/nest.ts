import type { DType, ElementwiseOp, ReductionOp, Shape, Type } from '@stint/graph'
import type { Affine } from './affine.ts'
import type { LocalNode } from './kernel.ts'

/** low ≤ at < high. */
export interface Guard {
  readonly at: Affine
  readonly low: number
  readonly high: number
}

/**
 * One expression at every point of a nest's domain; operands are earlier entries of the list. Movement has become
 * index maps, padding and concatenation have become selections.
 */
export type Expr =
  /** Element `at` of a kernel operand. Where a guard fails nothing may be read: the value is 0. */
  | {
      readonly kind: 'load'
      readonly operand: number
      readonly at: Affine
      readonly guards: readonly Guard[]
      readonly dtype: DType
    }
  /** The anchor's result at this point (epilogues only). */
  | { readonly kind: 'anchor'; readonly result: number; readonly dtype: DType }
  /** The value of a reduction at this kept point (reduce nests only). */
  | { readonly kind: 'reduced'; readonly reduction: number; readonly dtype: DType }
  | {
      readonly kind: 'apply'
      readonly op: ElementwiseOp
      readonly args: readonly number[]
      readonly dtype: DType
    }
  | { readonly kind: 'splat'; readonly value: number; readonly dtype: DType }
  | { readonly kind: 'iota'; readonly at: Affine; readonly dtype: DType }
  /** Random bits of logical element `at`; seed and step are expressions, the same everywhere. */
  | {
      readonly kind: 'random'
      readonly key: readonly [number, number]
      readonly call: number
      readonly seed: number
      readonly step: number
      readonly at: Affine
      readonly dtype: 'u32'
    }
  /** `inside` where all guards hold, else `outside`. */
  | {
      readonly kind: 'select'
      readonly guards: readonly Guard[]
      readonly inside: number
      readonly outside: number
      readonly dtype: DType
    }

/** A result written at element `at` from expression `expr`. */
export interface Store {
  readonly result: number
  readonly expr: number
  readonly at: Affine
  readonly dtype: DType
}

/** Expressions over one domain, walked in row-major order. Neighbouring axes are merged where every map allows it. */
export interface Elements {
  readonly domain: Shape
  readonly exprs: readonly Expr[]
}

/** Elementwise work alone. */
export interface MapNest extends Elements {
  readonly kind: 'map'
  readonly stores: readonly Store[]
}

/** One reduction: folds `expr` over the reduced axes, in row-major order of those axes. */
export interface Reduction {
  readonly op: ReductionOp
  readonly expr: number
  readonly dtype: DType
  /** Reductions of stage s depend on those of earlier stages alone. */
  readonly stage: number
}

/**
 * Reductions over the same axes with elementwise work before, between and after. The domain is the kept axes, then
 * the reduced ones (`keep` of them are kept). For each kept point: the stages in turn, each a pass over the reduced
 * axes, then the stores. `perPoint` stores happen once a kept point, `perElement` ones at every element, after all stages.
 */
export interface ReduceNest extends Elements {
  readonly kind: 'reduce'
  readonly keep: number
  readonly reductions: readonly Reduction[]
  readonly stages: number
  readonly perPoint: readonly Store[]
  readonly perElement: readonly Store[]
}

/** What an anchor reads: a stored operand as it is, or expressions over the operand's own shape. */
export type Source =
  | { readonly kind: 'operand'; readonly operand: number; readonly type: Type }
  | { readonly kind: 'computed'; readonly local: number; readonly type: Type }

/** One anchor with computed sources and an epilogue over its result's shape. */
export interface AnchorNest {
  readonly kind: 'anchor'
  readonly node: LocalNode
  readonly sources: readonly Source[]
  /** Expressions over the anchor's result; `stores` say which become results. A bare anchor stores itself. */
  readonly epilogue: Elements
  readonly stores: readonly Store[]
}

export type Nest = MapNest | ReduceNest | AnchorNest
