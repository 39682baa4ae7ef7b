import { DataError, show } from './error.ts'
import { checkCounter, draws, shuffle } from './random.ts'

/** Values of the rows of a data set: bytes as in the file, or f32. */
export type Features = Uint8Array | Float32Array

/** Class indices. */
export type Labels = Uint8Array | Int32Array

/** Labelled rows in memory: `x [rows, ...xShape]`, row-major, and `y [rows]` with every label in 0 to classes - 1. */
export interface Dataset {
  readonly x: Features
  readonly y: Labels
  readonly rows: number
  /** The shape of one row of `x`, such as `[1, 28, 28]` (channels, height, width). */
  readonly xShape: readonly number[]
  readonly classes: number
  /** A name for each class. */
  readonly classNames?: readonly string[] | undefined
}

/** The number of values in one row of `x`. */
export function rowSize({ xShape }: Pick<Dataset, 'xShape'>): number {
  return xShape.reduce((size, extent) => size * extent, 1)
}

/**
 * A data set over arrays that are kept, not copied: `x [rows, ...xShape]`, `y [rows]`.
 *
 * @throws DataError as `checkDataset` does; `path` is the file it names.
 */
export function dataset(parts: Omit<Dataset, 'rows'>, path?: string): Dataset {
  const made = { ...parts, rows: parts.y.length }
  checkDataset(made, path)
  return made
}

/**
 * Refuses a data set that training would choke on later.
 *
 * @throws DataError EMPTY, SHAPE, COUNT_MISMATCH (`x` or `y` have other lengths than `rows` and `xShape` say), LABEL_RANGE,
 * NOT_FINITE (a NaN or an infinity in `x`).
 */
export function checkDataset(set: Dataset, path?: string): void {
  const { x, y, rows } = set
  if (rows === 0) throw new DataError('EMPTY', 'The data set has no rows', { path })
  checkShape(set, path)
  const size = rowSize(set)
  if (y.length !== rows || x.length !== rows * size) {
    throw new DataError('COUNT_MISMATCH', 'Rows and labels differ in number', {
      path,
      expected: `${rows} labels and ${rows} rows of ${size} values (${rows * size})`,
      got: `${y.length} labels and ${x.length} values`,
    })
  }
  checkLabels(set, path)
  if (!(x instanceof Uint8Array)) checkFinite(x, size, path)
}

function checkShape({ xShape, classes, classNames }: Dataset, path: string | undefined): void {
  const counts = (n: number) => Number.isSafeInteger(n) && n > 0
  if (!xShape.every(counts)) {
    throw new DataError('SHAPE', 'The shape of a row is not usable', {
      path,
      expected: 'extents that are whole numbers above zero',
      got: `[${xShape.join(', ')}]`,
    })
  }
  if (!counts(classes) || (classNames !== undefined && classNames.length !== classes)) {
    throw new DataError('SHAPE', 'The number of classes is not usable', {
      path,
      expected:
        classNames === undefined ? 'a whole number above zero' : `${classNames.length}, one for each name`,
      got: show(classes),
    })
  }
}

function checkLabels({ y, classes }: Dataset, path: string | undefined): void {
  for (let row = 0; row < y.length; row++) {
    if (y[row]! >= 0 && y[row]! < classes) continue
    throw new DataError('LABEL_RANGE', `The label of row ${row} is out of range`, {
      path,
      expected: `0 to ${classes - 1}`,
      got: show(y[row]),
    })
  }
}

function checkFinite(x: Float32Array, size: number, path: string | undefined): void {
  for (let i = 0; i < x.length; i++) {
    // A NaN and both infinities, and nothing else, differ from zero when multiplied by it.
    if (x[i]! * 0 === 0) continue
    throw new DataError('NOT_FINITE', `Value ${i % size} of row ${Math.floor(i / size)} is not finite`, {
      path,
      expected: 'finite numbers',
      got: show(x[i]),
      hint: 'Leave such rows out, or put a number in its place',
    })
  }
}

/**
 * The rows `from` to `to` - 1, as views of the same memory.
 *
 * @throws DataError OPTION when there is no such row or none at all is asked for.
 */
export function slice(set: Dataset, from: number, to: number): Dataset {
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > set.rows || from >= to) {
    throw new DataError('OPTION', 'There are no such rows', {
      expected: `at least one row, from 0 to ${set.rows}`,
      got: `${show(from)} to ${show(to)}`,
    })
  }
  const size = rowSize(set)
  const x = set.x.subarray(from * size, to * size)
  return { ...set, x, y: set.y.subarray(from, to), rows: to - from }
}

/** The first `rows` rows, as views of the same memory; throws as `slice` does. */
export function take(set: Dataset, rows: number): Dataset {
  return slice(set, 0, rows)
}

/** The first `rows` rows and those that remain, as views of the same memory; throws as `slice` does. */
export function split(set: Dataset, rows: number): [first: Dataset, rest: Dataset] {
  return [slice(set, 0, rows), slice(set, rows, set.rows)]
}

/** Puts the rows in another order, chosen by the seed alone; in place, with nothing copied but one row at a time. */
export function shuffleRows(set: Dataset, seed: number): void {
  checkCounter('The seed', seed, Number.MAX_SAFE_INTEGER)
  const { x, y } = set
  const size = rowSize(set)
  shuffle(set.rows, draws(seed, shuffleStream, 0), (i, j) => {
    exchange(y, i, j)
    for (let k = 0; k < size; k++) exchange(x, i * size + k, j * size + k)
  })
}

/** Tells the draws of `shuffleRows` from those of a loader with the same seed. */
const shuffleStream = 3

function exchange(array: Features | Labels, i: number, j: number): void {
  const kept = array[i]!
  array[i] = array[j]!
  array[j] = kept
}
