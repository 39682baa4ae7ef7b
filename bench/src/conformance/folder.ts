import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StintError } from 'stint'

/** The index and the tensors in a folder, by name. Throws StintError (`CONFORMANCE`) where it cannot be read. */
export async function readFolder(dir: string): Promise<{ [name: string]: Uint8Array }> {
  try {
    const names = (await readdir(dir)).filter(name => name === 'index.json' || name.endsWith('.safetensors'))
    const files = names.map(async name => [name, await readFile(join(dir, name))] as const)
    return Object.fromEntries(await Promise.all(files))
  } catch (error) {
    throw new StintError('CONFORMANCE', `the folder '${dir}' cannot be read`, {
      got: (error as Error).message,
    })
  }
}
