export {
  checkDataset,
  type Dataset,
  dataset,
  type Features,
  type Labels,
  shuffleRows,
  slice,
  split,
  take,
} from './dataset.ts'
export { DataError, type DataErrorCode, type DataErrorFields } from './error.ts'
export {
  type Classes,
  type IdxFile,
  imagesFromIdx,
  type LabelledCsvOptions,
  labelledFromCsv,
} from './labelled.ts'
export { type Batch, batches, Loader } from './loader/loader.ts'
export type { LoaderOptions } from './loader/options.ts'
export { type CsvOptions, type CsvRow, csvRows } from './parse/csv.ts'
export { gunzip } from './parse/gunzip.ts'
export { type IdxArray, type IdxData, idxMagic, parseIdx } from './parse/idx.ts'
