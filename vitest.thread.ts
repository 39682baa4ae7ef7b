import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Plugin } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))
const cache = join(root, '.cache', 'threads')

/**
 * Threads run outside of vitest, which could not give them the sources: tests start them with a bundle of those, made
 * when a test first needs it and kept until a source changes.
 */
export function bundledThread(): Plugin {
  return {
    name: 'bundled-thread',
    enforce: 'pre',
    async transform(code, id) {
      if (!id.endsWith('/packages/backend-worker/src/port.ts')) return
      return code.replaceAll("'./thread.js'", `'${pathToFileURL(await bundle()).href}'`)
    },
  }
}

async function bundle(): Promise<string> {
  const folder = join(cache, fingerprint())
  const script = join(folder, 'thread.js')
  if (existsSync(script)) return script
  const [{ build }, { thread }] = await Promise.all([import('tsdown'), import('./tsdown.base.ts')])
  mkdirSync(cache, { recursive: true })
  const made = mkdtempSync(join(cache, 'new-'))
  await build({
    ...thread,
    config: false,
    logLevel: 'error',
    cwd: join(root, 'packages', 'backend-worker'),
    outDir: made,
  })
  try {
    renameSync(made, folder)
  } catch {
    // Another run of the tests was faster.
    rmSync(made, { recursive: true })
  }
  return script
}

/** Of all sources that the thread may be made of. */
function fingerprint(): string {
  const hash = createHash('sha256')
  for (const name of ['backend-worker', 'backend-wasm', 'graph']) {
    const sources = join(root, 'packages', name, 'src')
    for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' }).sort())
      if (file.endsWith('.ts') && !file.endsWith('.test.ts'))
        hash.update(file).update(readFileSync(join(sources, file)))
  }
  return hash.digest('hex').slice(0, 16)
}
