import type { Shape, Value } from '@stint/graph'

/** Tensors by path. */
export type Tensors = { readonly [path: string]: Value }

/** What an optimizer keeps besides the parameters, all starting from `value`. */
export interface SlotSpec {
  readonly shape: Shape
  readonly value: number
}

/**
 * An optimizer, as plain data: the state that it keeps, and the update of one step as a graph. Slots of a parameter are
 * kept under `optimizer.<slot>.<path>`, shared ones under `optimizer.<name>`.
 */
export interface Optimizer {
  readonly kind: string
  /** Learning rate while no schedule is given. */
  readonly learningRate: number
  /** Kept once: carried products and the like. */
  readonly shared: { readonly [name: string]: SlotSpec }
  /** Kept for each parameter, in its shape. */
  readonly slots: readonly string[]
  /** New shared state, from the old. */
  advance(shared: Tensors): Tensors
  /** New parameter and slots. `shared` is the advanced one. */
  update(at: UpdateContext): Update
}

/** What one step makes of a parameter and its slots. */
export interface Update {
  readonly parameter: Value
  readonly slots: Tensors
}

export interface UpdateContext {
  readonly parameter: Value
  readonly gradient: Value
  readonly slots: Tensors
  readonly shared: Tensors
  /** A number, or a scalar of the program where a schedule changes it. */
  readonly learningRate: number | Value
}
