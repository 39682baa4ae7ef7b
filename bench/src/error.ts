import { StintError } from '@stint/graph'

/** A command line that makes no sense. */
export class UsageError extends StintError {
  constructor(what: string, fields: { expected?: string; got?: string; hint?: string } = {}) {
    super('USAGE', what, { hint: 'See bench --help.', ...fields })
  }
}

/** An error as plain data. */
export interface Failure {
  readonly code: string
  readonly message: string
}

export function describe(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  return { code: error instanceof StintError ? error.code : 'UNEXPECTED', message }
}
