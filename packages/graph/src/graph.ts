import type { OpName } from './ops/index.ts'
import type { Type } from './type.ts'

/** Index into `Graph.values`. */
export type ValueId = number

/** An attribute: plain data, or a graph (the body of a loop or of a branch). */
export type Attr =
  | number
  | string
  | boolean
  | null
  | readonly Attr[]
  | { readonly [key: string]: Attr }
  | Graph
export type Attrs = { readonly [key: string]: Attr }

/** Where a node comes from: the layer path, which call of that layer, and the user's source line. */
export interface Site {
  readonly path: string
  readonly call: number
  readonly file?: string
  readonly line?: number
  /** True for a node that a derivative added on behalf of that line. */
  readonly derivative?: boolean
}

/** What the user asks of the planner for one node. Nothing needs it to meet a budget. */
export interface Hints {
  /** Never recompute the results. */
  readonly keep?: boolean
  /** The `checkpoint` region the node belongs to, of which only inputs and results are kept: `a/b` lies within `a`. */
  readonly region?: string
  /** Of a result of a region: the outermost region that it is a result of, and which keeps it. */
  readonly result?: string
  /** Which slice of the batch the node computes, from 0: nothing is fused, or computed once, for several of them. */
  readonly slice?: number
}

export interface Node {
  readonly op: OpName
  readonly attrs: Attrs
  readonly inputs: readonly ValueId[]
  /** One or more. */
  readonly results: readonly ValueId[]
  readonly site?: Site
  readonly hints?: Hints
}

export interface Input {
  readonly name: string
  readonly value: ValueId
  /** Integers fed here must lie in `[low, high)`; checked when fed. */
  readonly range?: readonly [low: number, high: number]
}

/** What a state is for: parameters are trained, the others are kept by optimizers or layers. */
export type StateRole = 'parameter' | 'optimizer' | 'statistic'

/** A value kept between runs; `next` is what it becomes at the end of a run, itself where absent. */
export interface State {
  readonly path: string
  readonly role?: StateRole
  readonly value: ValueId
  readonly next?: ValueId
}

export interface Constant {
  readonly value: ValueId
  readonly bytes: Uint8Array
}

export interface Output {
  readonly name: string
  readonly value: ValueId
}

/**
 * A pure function of its inputs and state, in SSA form: every value is an input, a state, a constant, or
 * the result of exactly one node, and nodes stand in topological order.
 */
export interface Graph {
  readonly name: string
  readonly values: readonly Type[]
  readonly inputs: readonly Input[]
  readonly state: readonly State[]
  readonly constants: readonly Constant[]
  readonly outputs: readonly Output[]
  readonly nodes: readonly Node[]
}
