import type { Dataset } from '@stint/data'
import type { Backend, Memory, PlanOptions, Target } from '@stint/engine'
import { StintError, type Value } from '@stint/graph'
import type { Loss, Optimizer, Schedule } from '@stint/nn'

/** What a model learns by: shared by `fit` and by recipes. */
export interface Method {
  readonly loss: Loss
  readonly optimizer: Optimizer
  /** The learning rate of each step, given how many there will be; without it the optimizer's own throughout. */
  readonly schedule?: (steps: number) => Schedule
  /** Scales gradients so that their global norm is at most this. */
  readonly clipNorm?: number
  /** Brings a fed batch to what the model takes. Bytes become f32 in [0, 1] unless it is given. */
  readonly prepare?: (x: Value) => Value
  /** Mirrors half of the images of each epoch left to right. */
  readonly flip?: boolean
  /** Whether to count the rows whose largest output is the label's: true unless said. */
  readonly accuracy?: boolean
}

/** How to train a model. */
export interface FitOptions extends Method {
  readonly data: Dataset
  /** What `evaluate` takes when nothing is given. Its programs are planned with the others. */
  readonly test?: Dataset
  /** Rows of a step. The last step of an epoch takes what remains. */
  readonly batch: number
  /**
   * Gradient accumulation: into how many equal slices the batch of a step is cut, computed one after the other in one
   * program. The gradient is that of the whole batch, to rounding; dropout drops the same. Layers that mix examples,
   * such as batch norm, forbid it.
   */
  readonly microbatches?: number
  /** How often the data are gone through; or give `steps`. */
  readonly epochs?: number
  /** How many steps to run; or give `epochs`. */
  readonly steps?: number
  /** Decides the first parameters, the order of the data, flips and dropout: 0 to 2³¹ − 1, 0 unless said. */
  readonly seed?: number
  /** Bytes, a size (`'24 MiB'`), a share of the unconstrained peak (`'40%'`) or `'none'`, which is the default. */
  readonly memory?: Memory
  readonly backend: Backend
  /** A target of the backend's; by default its own for this machine. */
  readonly target?: Target
  /** Runs every step under the engine's audit: slow, and it throws AuditError at the first byte out of place. */
  readonly audit?: boolean
  /** Of the planner. */
  readonly planning?: PlanOptions
}

/** Steps of a run, from `epochs` or `steps`. Throws StintError `OPTION`. */
export function lengthOf(
  { epochs, steps }: Pick<FitOptions, 'epochs' | 'steps'>,
  stepsPerEpoch: number,
): number {
  if ((epochs === undefined) === (steps === undefined))
    throw new StintError('OPTION', 'the length of the run is not clear', {
      expected: 'either epochs or steps',
      got: epochs === undefined ? 'neither' : 'both',
    })
  return steps !== undefined ? positive('steps', steps) : positive('epochs', epochs!) * stepsPerEpoch
}

/** Throws StintError `OPTION` for a seed that is not a whole number of 31 bits. */
export function checkSeed(seed: number): number {
  if (Number.isInteger(seed) && seed >= 0 && seed <= 0x7fff_ffff) return seed
  throw new StintError('OPTION', 'the seed is not usable', {
    expected: `a whole number from 0 to ${0x7fff_ffff}`,
    got: String(seed),
  })
}

function positive(name: string, n: number): number {
  if (Number.isSafeInteger(n) && n > 0) return n
  throw new StintError('OPTION', `${name} is not usable`, {
    expected: 'a whole number above zero',
    got: String(n),
  })
}
