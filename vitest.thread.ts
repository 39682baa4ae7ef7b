import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Plugin } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))
const cache = join(root, '.cache', 'threads')

/** The modules that start threads, with the packages whose sources the thread's script may be made of, its own first. */
const starters: { readonly [module: string]: readonly string[] } = {
  'backend-worker/src/port.ts': ['backend-worker', 'backend-wasm', 'graph'],
  'planner/src/async/spawn.ts': ['planner'],
}

/**
 * Threads run outside of vitest, which could not give them the sources: tests start them with a bundle of those, made
 * when a test first needs it and kept until a source changes.
 */
export function bundledThread(): Plugin {
  return {
    name: 'bundled-thread',
    enforce: 'pre',
    async transform(code, id) {
      const found = Object.keys(starters).find(module => id.endsWith(`/packages/${module}`))
      if (found === undefined) return
      const script = await bundle(starters[found]!)
      return code.replaceAll("'./thread.js'", `'${pathToFileURL(script).href}'`)
    },
  }
}

async function bundle(packages: readonly string[]): Promise<string> {
  const folder = join(cache, fingerprint(packages))
  const script = join(folder, 'thread.js')
  if (existsSync(script)) return script
  const [{ build }, { thread }] = await Promise.all([import('tsdown'), import('./tsdown.base.ts')])
  mkdirSync(cache, { recursive: true })
  const made = mkdtempSync(join(cache, 'new-'))
  await build({
    ...thread,
    config: false,
    logLevel: 'error',
    cwd: join(root, 'packages', packages[0]!),
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
function fingerprint(packages: readonly string[]): string {
  const hash = createHash('sha256')
  for (const name of packages) {
    const sources = join(root, 'packages', name, 'src')
    for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' }).sort())
      if (file.endsWith('.ts') && !file.endsWith('.test.ts'))
        hash
          .update(name)
          .update(file)
          .update(readFileSync(join(sources, file)))
  }
  return hash.digest('hex').slice(0, 16)
}
