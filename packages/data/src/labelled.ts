import { type Dataset, dataset } from './dataset.ts'
import { DataError, show } from './error.ts'
import { type CsvOptions, csvRows, notANumber } from './parse/csv.ts'
import { idxMagic, parseIdx } from './parse/idx.ts'

/** The classes of a labelled set. */
export interface Classes {
  readonly classes: number
  readonly classNames?: readonly string[] | undefined
}

/** An IDX file, decompressed, and the path that errors name. */
export interface IdxFile {
  readonly bytes: Uint8Array
  readonly path?: string
}

/**
 * Grey images and their labels from two IDX files: `x [N, 1, H, W]`, bytes that are a view of the file, and `y [N]`.
 *
 * @throws DataError as `parseIdx` does, COUNT_MISMATCH when there are more of one than of the other, LABEL_RANGE, EMPTY.
 */
export function imagesFromIdx(images: IdxFile, labels: IdxFile, classes: Classes): Dataset {
  const x = parseIdx(images.bytes, { ...images, magic: idxMagic.images })
  const y = parseIdx(labels.bytes, { ...labels, magic: idxMagic.labels })
  const [rows = 0, height = 0, width = 0] = x.shape
  if (rows !== y.shape[0]) {
    throw new DataError('COUNT_MISMATCH', 'Images and labels differ in number', {
      path: labels.path,
      expected: `${rows} labels, one for each image`,
      got: show(y.shape[0]),
      hint: 'Take both files from the same set',
    })
  }
  const made = { x: x.data as Uint8Array, y: Int32Array.from(y.data), xShape: [1, height, width], ...classes }
  return dataset(made, labels.path)
}

/** How a CSV text becomes a labelled set. */
export interface LabelledCsvOptions extends CsvOptions, Classes {
  /** The largest value of a feature: features run from 0 to this, and are divided by it. */
  readonly max: number
}

/**
 * Rows of features, then the label in the last column: `x [rows, columns - 1]`, f32 scaled to 0 to 1, and `y [rows]`.
 *
 * @throws DataError as `csvRows` does, CSV_NUMBER for a feature outside 0 to `max` or a label that is not whole,
 * LABEL_RANGE, EMPTY.
 */
export function labelledFromCsv(text: string, options: LabelledCsvOptions): Dataset {
  const { max, classes, classNames, path } = options
  const rows = countRows(text, options)
  let x = new Float32Array(0)
  let y = new Int32Array(0)
  let row = 0
  let size = 0
  for (const { line, values } of csvRows(text, options)) {
    if (row === 0) {
      size = values.length - 1
      x = new Float32Array(rows * size)
      y = new Int32Array(rows)
    }
    for (let i = 0; i < size; i++) {
      const value = values[i]!
      if (!(value >= 0 && value <= max)) throw notANumber(line, i, `a number from 0 to ${max}`, value, path)
      x[row * size + i] = value / max
    }
    y[row++] = readLabel(values[size]!, line, size, options)
  }
  return dataset({ x, y, xShape: [size], classes, classNames }, path)
}

function readLabel(
  label: number,
  line: number,
  index: number,
  { classes, path }: LabelledCsvOptions,
): number {
  if (!Number.isInteger(label)) throw notANumber(line, index, 'a label, which is a whole number', label, path)
  if (label >= 0 && label < classes) return label
  throw new DataError('LABEL_RANGE', `The label in line ${line} is out of range`, {
    path,
    expected: `0 to ${classes - 1}`,
    got: show(label),
  })
}

/** The number of lines that hold a row, so that the arrays can be allocated once. */
function countRows(text: string, { header }: CsvOptions): number {
  const end = text.trimEnd().length
  let lines = end === 0 ? 0 : 1
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) lines++
  return Math.max(0, lines - (header === true ? 1 : 0))
}
