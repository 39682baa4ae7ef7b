import type { Dataset } from '../dataset.ts'
import { DataError, show } from '../error.ts'
import { checkCounter } from '../random.ts'

/** How a loader deals out the rows of a data set. */
export interface LoaderOptions {
  /** Rows in each batch; the last one is shorter when they do not come out even. */
  readonly batch: number
  /** Chooses the order of each epoch and which images are flipped, 0 to 2⁵³ - 1; 0 unless given. */
  readonly seed?: number | undefined
  /** Whether each epoch has an order of its own (the default), or that of the data set. */
  readonly shuffle?: boolean | undefined
  /** Whether a short last batch is left out. */
  readonly dropLast?: boolean | undefined
  /** Whether half of the images, others in each epoch, are mirrored left to right. Rows are `[C, H, W]`. */
  readonly flip?: boolean | undefined
}

/** Refuses options that no loader can follow. */
export function checkOptions(set: Dataset, options: LoaderOptions): void {
  const { batch, seed = 0, dropLast = false, flip = false } = options
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new DataError('BATCH_SIZE', 'The batch size is not usable', {
      expected: 'a whole number above zero',
      got: show(batch),
    })
  }
  if (dropLast && batch > set.rows) {
    throw new DataError('BATCH_SIZE', 'Every batch would be left out', {
      expected: `at most the ${set.rows} rows of the data set`,
      got: show(batch),
      hint: 'Take a smaller batch, or keep the short last one',
    })
  }
  checkCounter('The seed', seed, Number.MAX_SAFE_INTEGER)
  if (flip && set.xShape.length !== 3) {
    throw new DataError('SHAPE', 'Only images can be flipped', {
      expected: 'rows of shape [channels, height, width]',
      got: `[${set.xShape.join(', ')}]`,
    })
  }
}
