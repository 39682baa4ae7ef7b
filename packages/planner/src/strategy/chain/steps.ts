import type { DagTaskId } from '../../dag/dag.ts'

/**
 * A step of a chain, forward and backward. Forward it makes the state after it from the state before it; backward it makes
 * the gradient before it from the gradient after it, from residuals of its own and from the states. All bytes leave the
 * state before the step aside.
 */
export interface ChainStep {
  readonly forward: readonly DagTaskId[]
  readonly cost: number
  /** Bytes of the state after it. */
  readonly state: number
  /** Most bytes alive while it runs forward and keeps nothing but that state. */
  readonly forwardPeak: number
  /** Bytes of the gradient after it, which is there before it runs backward. */
  readonly gradient: number
  /** Bytes that it leaves alive for good when it has run backward, the gradient before it aside. */
  readonly left: number
  /** Ways to run backward later, the state after it being there. The first keeps nothing else. */
  readonly options: readonly StepOption[]
  /** Forward and at once backward. */
  readonly direct: { readonly runs: readonly DagTaskId[]; readonly cost: number; readonly peak: number }
  /** Whether it runs backward, by the first option, without the state before it. */
  readonly selfSufficient: boolean
}

/** What is kept of a step's residuals when it runs forward, and what is run again for it to run backward. */
export interface StepOption {
  /** Bytes kept beside the state after it. */
  readonly kept: number
  readonly forward: readonly DagTaskId[]
  readonly forwardCost: number
  readonly forwardPeak: number
  /** What runs then: tasks that are run again, and those backward. */
  readonly runs: readonly DagTaskId[]
  /** Cost of what is run again. */
  readonly redoCost: number
  /** Most bytes alive from there until it has run backward, the state after it and what was kept included. */
  readonly backwardPeak: number
}

/** Steps, one after the other forward, and then backward in reverse. */
export interface Chain {
  readonly steps: readonly ChainStep[]
  /** Bytes that live throughout. */
  readonly resident: number
}
