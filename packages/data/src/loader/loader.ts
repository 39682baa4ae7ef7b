import { checkDataset, type Dataset, type Features, type Labels, rowSize } from '../dataset.ts'
import { DataError } from '../error.ts'
import { checkCounter, type Draws, draws, shuffle } from '../random.ts'
import { copyFlipped, copyRow } from './copy-row.ts'
import { checkOptions, type LoaderOptions } from './options.ts'

/** Some rows of a data set: `x [rows, ...xShape]`, `y [rows]`, and which rows they are, `indices [rows]`. */
export interface Batch {
  readonly x: Features
  readonly y: Labels
  readonly rows: number
  readonly indices: Int32Array
}

/** Draws of one seed and epoch that must not resemble each other. */
const streams = { order: 1, flip: 2 } as const

/** Epochs are counted in 32 bits. */
const lastEpoch = 0xffff_ffff

/**
 * Deals out a data set in batches, epoch after epoch, in an order that (seed, epoch) alone determine, on any machine.
 *
 * Its buffers are allocated once: every batch, of every epoch, lies in the same memory and overwrites the one before. Read
 * a batch before asking for the next, and copy what must outlive it. For the same reason only one epoch can be under way.
 *
 * ```ts
 * const loader = new Loader(train, { batch: 64, seed: 1, flip: true })
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   for (const { x, y, rows } of loader.epoch(epoch)) step(x, y, rows)
 * }
 * ```
 */
export class Loader {
  readonly dataset: Dataset
  /** Known before the first: a short last batch counts, unless it is left out. */
  readonly batchesPerEpoch: number
  /** Rows that an epoch deals out. */
  readonly rowsPerEpoch: number
  readonly #options: LoaderOptions
  readonly #size: number
  readonly #width: number
  readonly #order: Int32Array | undefined
  readonly #full: Batch
  readonly #short: Batch
  #underWay = 0

  /** @throws DataError BATCH_SIZE, OPTION, SHAPE for the options, and as `checkDataset` does for the data. */
  constructor(dataset: Dataset, options: LoaderOptions) {
    checkDataset(dataset)
    checkOptions(dataset, options)
    const { rows, xShape } = dataset
    const batch = Math.min(options.batch, rows)
    this.dataset = dataset
    this.#options = { ...options }
    this.#size = rowSize(dataset)
    this.#width = xShape.at(-1) ?? 1
    this.#order = options.shuffle === false ? undefined : new Int32Array(rows)
    this.#full = emptyBatch(dataset, batch, this.#size)
    this.#short = firstRows(this.#full, rows % batch, this.#size)
    this.rowsPerEpoch = options.dropLast === true ? rows - (rows % batch) : rows
    this.batchesPerEpoch = Math.ceil(this.rowsPerEpoch / batch)
  }

  /** Bytes of the buffers, the data set aside. */
  get bytes(): number {
    const { x, y, indices } = this.#full
    return x.byteLength + y.byteLength + indices.byteLength + (this.#order?.byteLength ?? 0)
  }

  /**
   * The batches of an epoch, from 0 on, or from a later batch of it where a run goes on in the middle.
   *
   * An iterator that is still at work on an earlier call is stale from here on, and throws when it is used.
   *
   * @throws DataError OPTION for an epoch or a first batch that does not exist; STALE_EPOCH as said.
   */
  epoch(epoch: number, firstBatch: number = 0): IterableIterator<Batch> {
    checkCounter('The epoch', epoch, lastEpoch)
    checkCounter('The first batch', firstBatch, this.batchesPerEpoch)
    const seed = this.#options.seed ?? 0
    if (this.#order !== undefined) arrange(this.#order, draws(seed, streams.order, epoch))
    const flips = this.#options.flip === true ? draws(seed, streams.flip, epoch) : undefined
    return this.#batches(++this.#underWay, firstBatch * this.#full.rows, flips)
  }

  *#batches(ticket: number, firstRow: number, flips: Draws | undefined): Generator<Batch, void, undefined> {
    for (let start = firstRow; start < this.rowsPerEpoch; start += this.#full.rows) {
      if (ticket !== this.#underWay) throw stale()
      const batch = this.rowsPerEpoch - start < this.#full.rows ? this.#short : this.#full
      this.#fill(batch, start, flips)
      yield batch
    }
  }

  #fill({ x, y, rows, indices }: Batch, start: number, flips: Draws | undefined): void {
    const size = this.#size
    for (let i = 0; i < rows; i++) {
      const row = this.#order === undefined ? start + i : this.#order[start + i]!
      const mirrored = flips !== undefined && (flips(row) & 1) === 1
      if (mirrored) copyFlipped(this.dataset.x, row * size, x, i * size, size, this.#width)
      else copyRow(this.dataset.x, row * size, x, i * size, size)
      y[i] = this.dataset.y[row]!
      indices[i] = row
    }
  }
}

/**
 * The batches of one epoch; where there are several, a `Loader` keeps its buffers between them.
 *
 * @throws DataError as `Loader` does.
 */
export function batches(
  dataset: Dataset,
  { epoch = 0, ...options }: LoaderOptions & { readonly epoch?: number | undefined },
): IterableIterator<Batch> {
  return new Loader(dataset, options).epoch(epoch)
}

function emptyBatch({ x, y }: Dataset, rows: number, size: number): Batch {
  return {
    x: x instanceof Uint8Array ? new Uint8Array(rows * size) : new Float32Array(rows * size),
    y: y instanceof Uint8Array ? new Uint8Array(rows) : new Int32Array(rows),
    rows,
    indices: new Int32Array(rows),
  }
}

function firstRows({ x, y, indices }: Batch, rows: number, size: number): Batch {
  return { x: x.subarray(0, rows * size), y: y.subarray(0, rows), rows, indices: indices.subarray(0, rows) }
}

/** Every epoch is shuffled from the same start, so that it does not matter which came before. */
function arrange(order: Int32Array, draw: Draws): void {
  for (let i = 0; i < order.length; i++) order[i] = i
  shuffle(order.length, draw, (i, j) => {
    const kept = order[i]!
    order[i] = order[j]!
    order[j] = kept
  })
}

function stale(): DataError {
  return new DataError('STALE_EPOCH', 'The loader has begun another epoch since', {
    expected: 'one epoch at a time, since all batches share their memory',
    hint: 'Use a second loader',
  })
}
