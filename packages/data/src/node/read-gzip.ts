import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { DataError } from '../error.ts'
import { gunzip } from '../parse/gunzip.ts'

/** A file's content and the path that errors name. */
export interface Content {
  readonly bytes: Uint8Array
  readonly path: string
}

/**
 * The content of a gzip file.
 *
 * @throws DataError FILE_MISSING when it cannot be opened, and as `gunzip` does.
 */
export async function readGzip(file: URL): Promise<Content> {
  const path = fileURLToPath(file)
  return { bytes: await gunzip(await read(path), path), path }
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new DataError('FILE_MISSING', 'The data file cannot be read', {
      path,
      expected: 'a file that exists and may be read',
      got: String((error as { code?: unknown }).code),
      cause: error,
    })
  }
}
