import { type ErrorFields, StintError } from '@stint/graph'

/** What the command line itself refuses. */
export type CliErrorCode =
  | 'USAGE'
  | 'UNKNOWN_RECIPE'
  | 'BAD_RECIPE'
  | 'UNKNOWN_BACKEND'
  | 'FILE_MISSING'
  | 'NOT_JSON'
  | 'NOT_WRITTEN'

export class CliError extends StintError {
  constructor(code: CliErrorCode, what: string, fields: ErrorFields & { readonly cause?: unknown } = {}) {
    super(code, what, fields)
    if (fields.cause !== undefined) this.cause = fields.cause
  }
}

/** Exit status: 2 for a command line that makes no sense, 1 for anything else. */
export function statusOf(error: unknown): number {
  return error instanceof CliError && error.code === 'USAGE' ? 2 : 1
}

/** Fields of errors that are for programs, or said in the message already. */
const hidden = new Set(['name', 'what', 'cause', 'stack'])

/** An error as plain data: its code, its message, and what else it carries. */
export function describeError(error: unknown): { readonly [field: string]: unknown } {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) }
  const { code } = error as { code?: unknown }
  const fields = Object.entries(error).filter(([name, value]) => value !== undefined && !hidden.has(name))
  return {
    code: typeof code === 'string' ? code : 'UNKNOWN',
    message: error.message,
    ...Object.fromEntries(fields),
  }
}
