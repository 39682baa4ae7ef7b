/** What can be wrong with data, or with how it is asked for. */
export type DataErrorCode =
  | 'FILE_MISSING'
  | 'NOT_GZIP'
  | 'GZIP_TRUNCATED'
  | 'GZIP_CORRUPT'
  | 'IDX_MAGIC'
  | 'IDX_TRUNCATED'
  | 'IDX_TRAILING'
  | 'CSV_FIELDS'
  | 'CSV_NUMBER'
  | 'COUNT_MISMATCH'
  | 'LABEL_RANGE'
  | 'NOT_FINITE'
  | 'EMPTY'
  | 'SHAPE'
  | 'BATCH_SIZE'
  | 'OPTION'
  | 'STALE_EPOCH'

/** What a data error carries besides its code and its message. */
export interface DataErrorFields {
  /** The file, where there is one. */
  readonly path?: string | undefined
  readonly expected?: string | undefined
  readonly got?: string | undefined
  /** What to do next. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** Data that cannot be used, or an option that makes no sense: what failed, what was expected, what came. */
export class DataError extends Error {
  readonly code: DataErrorCode
  /** The message without its fields. */
  readonly what: string
  readonly path: string | undefined
  readonly expected: string | undefined
  readonly got: string | undefined
  readonly hint: string | undefined

  constructor(code: DataErrorCode, what: string, fields: DataErrorFields = {}) {
    super(compose(what, fields), fields.cause === undefined ? undefined : { cause: fields.cause })
    this.name = 'DataError'
    this.code = code
    this.what = what
    this.path = fields.path
    this.expected = fields.expected
    this.got = fields.got
    this.hint = fields.hint
  }
}

function compose(what: string, { path, expected, got, hint }: DataErrorFields): string {
  let message = path === undefined ? what : `${path}: ${what}`
  if (expected !== undefined) message += `; expected ${expected}`
  if (got !== undefined) message += `${expected === undefined ? ';' : ','} got ${got}`
  if (hint !== undefined) message += `. ${hint}`
  return message
}

/** A value as an error shows it: text in quotes, and not more of it than fits a line. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}
