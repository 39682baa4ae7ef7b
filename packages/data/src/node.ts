import { pathToFileURL } from 'node:url'
import { type Dataset, split } from './dataset.ts'
import { readDigits } from './node/digits.ts'
import { readFashionMnist } from './node/fashion-mnist.ts'

/** A data set to learn from, and one to be judged by. */
export interface TrainAndTest {
  readonly train: Dataset
  readonly test: Dataset
}

/** Where a data set is read from. */
export interface ReadOptions {
  /** The folder of its files, where they are not those of this package. */
  readonly dir?: string | URL | undefined
}

/**
 * Fashion-MNIST: grey images of clothing, `x [N, 1, 28, 28]` in bytes of 0 to 255, ten classes, `y [N]` i32.
 *
 * The package has the first 10,000 images of its training set and 2,000 of its test set; a folder with the original four
 * files (60,000 and 10,000 images) can be named instead. Source: Xiao, Rasul, Vollgraf, arXiv:1708.07747; MIT licence.
 *
 * @throws DataError FILE_MISSING, and what can be wrong with gzip and IDX files.
 */
export async function fashionMnist(options: ReadOptions = {}): Promise<TrainAndTest> {
  const folder = folderOf('fashion-mnist', options)
  const train = await readFashionMnist(folder, 'train')
  return { train, test: await readFashionMnist(folder, 't10k') }
}

/**
 * Handwritten digits of 8×8 pixels: `x [N, 64]` f32 from 0 to 1 in steps of 1/16, ten classes, `y [N]` i32.
 *
 * Four fifths (1,437) are to learn from and one fifth (360) is the test, after a shuffle that is always the same; both are
 * views of one memory. Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998; CC BY 4.0.
 *
 * @throws DataError FILE_MISSING, and what can be wrong with gzip and CSV files.
 */
export async function digits(options: ReadOptions = {}): Promise<TrainAndTest> {
  const all = await readDigits(folderOf('digits', options))
  const [train, test] = split(all, Math.floor((all.rows * 4) / 5))
  return { train, test }
}

/** The sources and the built package both lie one folder deep, so the files are found from either. */
function folderOf(name: string, { dir }: ReadOptions): URL {
  if (dir === undefined) return new URL(`../files/${name}/`, import.meta.url)
  const folder = dir instanceof URL ? dir : pathToFileURL(dir)
  return folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`)
}
