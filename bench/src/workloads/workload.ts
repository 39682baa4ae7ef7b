import type { Type } from '@stint/graph'
import type { Layer, Optimizer } from '@stint/nn'
import type { Batch } from './batches.ts'

/** A network, how it learns, and what it is fed: the loss is softmax cross-entropy throughout. */
export interface Workload {
  readonly name: string
  /** One line. */
  readonly about: string
  readonly model: () => Layer
  readonly optimizer: Optimizer
  readonly inputs: readonly [x: Type, y: Type]
  /** Four of them, taken in turn. */
  readonly batches: () => readonly Batch[]
}
