import type { Dataset } from '@stint/data'
import type { Memory } from '@stint/engine'
import type { Layer } from '@stint/nn'
import type { Method } from './options.ts'

/** A model with its data and everything that training it takes: what the command line runs by name. */
export interface Recipe extends Method {
  readonly name: string
  readonly model: () => Layer
  readonly data: () => Promise<{ readonly train: Dataset; readonly test: Dataset }>
  /** Rows of a step. */
  readonly batch: number
  readonly epochs: number
  /** The budget, unless another is asked for. */
  readonly memory: Memory
}
