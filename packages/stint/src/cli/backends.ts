import { resolve } from 'node:path'
import { cpu } from '@stint/backend-cpu'
import { wasm } from '@stint/backend-wasm'
import { worker } from '@stint/backend-worker'
import { type Backend, parseTarget, type Target } from '@stint/engine'
import type { Given } from './args.ts'
import { CliError } from './errors.ts'
import { readJson } from './files.ts'
import type { Io } from './io.ts'

const backends: { readonly [name: string]: (threads: number | undefined) => Backend } = {
  cpu: () => cpu(),
  wasm: () => wasm(),
  worker: threads => worker(threads === undefined ? {} : { threads }),
}

export const backendNames: readonly string[] = Object.keys(backends)

/** Where recipes run unless told otherwise: on every core. */
export const defaultBackend = 'worker'

/** The backend of that name, on `threads` threads where it has several. Throws CliError `UNKNOWN_BACKEND`, `USAGE`. */
export function backendOf(name: string, threads?: number): Backend {
  if (!Object.hasOwn(backends, name))
    throw new CliError('UNKNOWN_BACKEND', `there is no backend '${name}'`, {
      expected: backendNames.join(', '),
    })
  if (threads !== undefined && threads !== 1 && name !== 'worker')
    throw new CliError('USAGE', `--threads needs a backend with threads`, {
      expected: '--backend worker',
      got: `'${name}'`,
    })
  return backends[name]!(threads)
}

/** The backend that --backend, --threads and --target name. Throws as `backendOf`, and TargetError. */
export async function placeOf(given: Given, io: Io): Promise<{ backend: Backend; target?: Target }> {
  const file = given.text('target')
  const target = file === undefined ? undefined : parseTarget(await readJson(resolve(io.cwd, file)))
  const name = given.text('backend') ?? target?.backend ?? defaultBackend
  const threads = given.whole('threads', 1) ?? (name === 'worker' ? target?.threads : undefined)
  return { backend: backendOf(name, threads), ...(target && { target }) }
}
