import { StintError } from '@stint/graph'
import { showBytes } from './memory.ts'

/** One of the values that fill the peak. */
export interface TopValue {
  readonly bytes: number
  /** `f32[64,6,14,14] of block1.conv model.ts:12`. */
  readonly what: string
}

/** The smallest number of microbatches with which everything fits, and the bytes of the arena that it takes. */
export interface MicrobatchAdvice {
  readonly count: number
  readonly arenaBytes: number
}

/** The budget is too small for any plan that was found. Nothing ran. */
export class InfeasibleBudgetError extends StintError {
  readonly requestedBytes: number
  readonly smallestBudgetBytes: number
  /** What fills the peak of the smallest plan, largest first. */
  readonly top: readonly TopValue[]
  /** Absent where the batch cannot be cut, or no number of microbatches was found that fits. */
  readonly microbatches?: MicrobatchAdvice
  readonly #program: string

  constructor(
    program: string,
    requestedBytes: number,
    smallestBudgetBytes: number,
    top: readonly TopValue[],
    microbatches?: MicrobatchAdvice,
  ) {
    const list = top.map(t => `${showBytes(t.bytes)} ${t.what}`).join('; ')
    super('INFEASIBLE_BUDGET', `'${program}' does not fit into ${requestedBytes} bytes`, {
      expected: `at least ${smallestBudgetBytes} bytes (${showBytes(smallestBudgetBytes)})`,
      got: `${requestedBytes} bytes (${showBytes(requestedBytes)})`,
      hint: `At that peak live: ${list}. Give it ${smallestBudgetBytes} bytes, or ${
        microbatches === undefined
          ? 'use a smaller batch'
          : `accumulate gradients with microbatches: ${microbatches.count}, which takes ${microbatches.arenaBytes} bytes (${showBytes(microbatches.arenaBytes)})`
      }.`,
    })
    this.#program = program
    if (microbatches !== undefined) this.microbatches = microbatches
    this.requestedBytes = requestedBytes
    this.smallestBudgetBytes = smallestBudgetBytes
    this.top = top
  }

  /** The same error with advice. */
  with(microbatches: MicrobatchAdvice | undefined): InfeasibleBudgetError {
    const { requestedBytes, smallestBudgetBytes, top } = this
    return new InfeasibleBudgetError(this.#program, requestedBytes, smallestBudgetBytes, top, microbatches)
  }
}

/** A step failed after state had begun to be overwritten: the state is neither old nor new. */
export class TornSessionError extends StintError {
  constructor(program: string, cause: unknown) {
    super('TORN_SESSION', `a run of '${program}' failed after it had begun to overwrite state`, {
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'Write all state again (writeState) from a snapshot, or open a new session.',
    })
    this.cause = cause
  }
}

/** Something fed that the program cannot take. */
export class FeedError extends StintError {
  constructor(what: string, fields: { expected?: string; got?: string; hint?: string } = {}) {
    super('FEED', what, fields)
  }
}
