import { DataError, show } from '../error.ts'

/** One line of numbers. The array is the same for every row: read it before asking for the next. */
export interface CsvRow {
  /** Counted from 1, as editors do. */
  readonly line: number
  readonly values: Float64Array
}

/** How a CSV text is read. */
export interface CsvOptions {
  /** Fields in each row; those of the first row unless given. */
  readonly fields?: number
  /** Whether the first line names the columns, and is passed over. */
  readonly header?: boolean
  /** The file that errors name. */
  readonly path?: string
}

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/**
 * Reads rows of comma-separated decimal numbers, one at a time; lines end in LF or CRLF, and those after the last row may
 * be empty. There is no quoting: a field is a number or an error.
 *
 * @throws DataError CSV_FIELDS (another number of fields), CSV_NUMBER (a field that is no finite number).
 */
export function* csvRows(text: string, options: CsvOptions = {}): Generator<CsvRow, void, undefined> {
  const end = text.trimEnd().length
  let start = options.header === true ? endOfLine(text, 0, end) + 1 : 0
  let line = options.header === true ? 2 : 1
  let values = new Float64Array(options.fields ?? 0)
  for (let first = true; start < end; first = false, line++) {
    const stop = endOfLine(text, start, end)
    const fields = text.slice(start, stop).split(',')
    if (first && options.fields === undefined) values = new Float64Array(fields.length)
    readFields(fields, values, line, options.path)
    yield { line, values }
    start = stop + 1
  }
}

function endOfLine(text: string, start: number, end: number): number {
  const stop = text.indexOf('\n', start)
  return stop === -1 ? end : Math.min(stop, end)
}

function readFields(fields: string[], values: Float64Array, line: number, path: string | undefined): void {
  if (fields.length !== values.length) {
    throw new DataError('CSV_FIELDS', `Line ${line} has the wrong number of fields`, {
      path,
      expected: String(values.length),
      got: `${fields.length} in ${show(fields.join(','))}`,
    })
  }
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!.trim()
    const value = decimal.test(field) ? Number(field) : Number.NaN
    if (!Number.isFinite(value)) throw notANumber(line, i, 'a decimal number', field, path)
    values[i] = value
  }
}

/** The error for field `index`, counted from 0, of a line. */
export function notANumber(
  line: number,
  index: number,
  expected: string,
  got: unknown,
  path: string | undefined,
): DataError {
  const what = `Field ${index + 1} of line ${line} cannot be used`
  return new DataError('CSV_NUMBER', what, { path, expected, got: show(got) })
}
