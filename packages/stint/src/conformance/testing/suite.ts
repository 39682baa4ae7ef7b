import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadSuite, type Suite } from '../index.ts'

const folder = fileURLToPath(new URL('../../../../../reference/', import.meta.url))

/** The files of the reference suite by name. */
export function referenceFiles(): { [name: string]: Uint8Array } {
  return Object.fromEntries(readdirSync(folder).map(name => [name, readFileSync(folder + name)]))
}

/** The reference suite of this project. */
export function referenceSuite(): Suite {
  return loadSuite(referenceFiles())
}
