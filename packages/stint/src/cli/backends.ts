import { cpu } from '@stint/backend-cpu'
import { wasm } from '@stint/backend-wasm'
import { worker } from '@stint/backend-worker'
import type { Backend } from '@stint/engine'
import { CliError } from './errors.ts'

const backends: { readonly [name: string]: (threads: number | undefined) => Backend } = {
  cpu: () => cpu(),
  wasm: () => wasm(),
  worker: threads => worker(threads === undefined ? {} : { threads }),
}

export const backendNames: readonly string[] = Object.keys(backends)

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
