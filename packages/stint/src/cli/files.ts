import { mkdtemp, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CliError } from './errors.ts'

/** A text file. Throws CliError `FILE_MISSING`. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliError('FILE_MISSING', `${path} cannot be read`, {
      got: String((cause as { code?: unknown }).code),
      cause,
    })
  }
}

/** A JSON file. Throws CliError `FILE_MISSING` and `NOT_JSON`. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CliError('NOT_JSON', `${path} is not JSON`, { got: (cause as Error).message, cause })
  }
}

/**
 * Writes a file whole or not at all: to a new one beside it, which then takes its place. Throws CliError `NOT_WRITTEN`.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  let folder: string | undefined
  try {
    folder = await mkdtemp(join(dirname(path), '.stint-'))
    const draft = join(folder, basename(path))
    const file = await open(draft, 'wx')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (cause) {
    throw new CliError('NOT_WRITTEN', `${path} cannot be written`, {
      got: String((cause as { code?: unknown }).code),
      cause,
    })
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
}
