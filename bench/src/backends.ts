import type { Backend } from '@stint/engine'
import { StintError } from '@stint/graph'
import { UsageError } from './error.ts'

/** How a backend is made by its package; `threads` only where it can have several. */
type Factory = (options: { readonly threads?: number }) => Backend

type Exports = { readonly [name: string]: unknown }

interface Entry {
  /** Its package, in whose exports the factory has the backend's own name. */
  readonly specifier: string
  readonly load: () => Promise<Exports>
  readonly threaded: boolean
}

const entries: { readonly [name: string]: Entry } = {
  cpu: {
    specifier: '@stint/backend-cpu',
    load: () => import('@stint/backend-cpu') as Promise<Exports>,
    threaded: false,
  },
  wasm: {
    specifier: '@stint/backend-wasm',
    load: () => import('@stint/backend-wasm') as Promise<Exports>,
    threaded: false,
  },
  worker: {
    specifier: '@stint/backend-worker',
    load: () => import('@stint/backend-worker') as Promise<Exports>,
    threaded: true,
  },
}

export const backendNames: readonly string[] = Object.keys(entries)

/** Whether a backend runs on several threads. Throws UsageError for a name that means none. */
export function isThreaded(name: string): boolean {
  return entryOf(name).threaded
}

/**
 * Loads a backend, and nothing of the others. Throws UsageError for a name that means none, and StintError
 * `NO_BACKEND` where it cannot be loaded.
 */
export async function loadBackend(name: string, threads?: number): Promise<Backend> {
  const { specifier, load } = entryOf(name)
  let found: Exports
  try {
    found = await load()
  } catch (cause) {
    throw missing(name, specifier, (cause as Error).message)
  }
  const make = found[name]
  if (typeof make !== 'function') throw missing(name, specifier, `it exports no '${name}'`)
  return (make as Factory)(threads === undefined ? {} : { threads })
}

function entryOf(name: string): Entry {
  if (Object.hasOwn(entries, name)) return entries[name]!
  throw new UsageError(`there is no backend '${name}'`, { expected: backendNames.join(', ') })
}

function missing(name: string, specifier: string, why: string): StintError {
  return new StintError('NO_BACKEND', `the backend '${name}' cannot be loaded`, {
    expected: `${specifier}, built`,
    got: why.split('\n')[0]!,
    hint: "Run 'pnpm install' and 'pnpm build'.",
  })
}
