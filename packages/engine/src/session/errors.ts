import { StintError } from '@stint/graph'
import { showBytes } from './memory.ts'

/** One of the values that fill the peak. */
export interface TopValue {
  readonly bytes: number
  /** `f32[64,6,14,14] of block1.conv model.ts:12`. */
  readonly what: string
}

/** The budget is too small for any plan that was found. Nothing ran. */
export class InfeasibleBudgetError extends StintError {
  readonly requestedBytes: number
  readonly smallestBudgetBytes: number
  /** What fills the peak of the smallest plan, largest first. */
  readonly top: readonly TopValue[]

  constructor(
    program: string,
    requestedBytes: number,
    smallestBudgetBytes: number,
    top: readonly TopValue[],
  ) {
    const list = top.map(t => `${showBytes(t.bytes)} ${t.what}`).join('; ')
    super('INFEASIBLE_BUDGET', `'${program}' does not fit into ${requestedBytes} bytes`, {
      expected: `at least ${smallestBudgetBytes} bytes (${showBytes(smallestBudgetBytes)})`,
      got: `${requestedBytes} bytes (${showBytes(requestedBytes)})`,
      hint: `At that peak live: ${list}. Give it ${smallestBudgetBytes} bytes, or use a smaller batch.`,
    })
    this.requestedBytes = requestedBytes
    this.smallestBudgetBytes = smallestBudgetBytes
    this.top = top
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
