import { type Dataset, shuffleRows } from '../dataset.ts'
import { labelledFromCsv } from '../labelled.ts'
import { readGzip } from './read-gzip.ts'

/** The file keeps the digits of one writer together: shuffled, every writer is in both parts. */
const seed = 0

/** All digits, in a fixed order that mixes the writers. */
export async function readDigits(folder: URL): Promise<Dataset> {
  const { bytes, path } = await readGzip(new URL('digits.csv.gz', folder))
  const text = new TextDecoder().decode(bytes)
  const classNames = Array.from({ length: 10 }, (_, digit) => String(digit))
  const set = labelledFromCsv(text, { fields: 65, max: 16, classes: 10, classNames, path })
  shuffleRows(set, seed)
  return set
}
