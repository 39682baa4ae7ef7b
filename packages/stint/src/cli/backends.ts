import { cpu } from '@stint/backend-cpu'
import type { Backend } from '@stint/engine'
import { CliError } from './errors.ts'

const backends: { readonly [name: string]: () => Backend } = { cpu: () => cpu() }

export const backendNames: readonly string[] = Object.keys(backends)

/** The backend of that name. Throws CliError `UNKNOWN_BACKEND`. */
export function backendOf(name: string): Backend {
  if (!Object.hasOwn(backends, name))
    throw new CliError('UNKNOWN_BACKEND', `there is no backend '${name}'`, {
      expected: backendNames.join(', '),
    })
  return backends[name]!()
}
