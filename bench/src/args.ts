import { type ParseArgsConfig, parseArgs } from 'node:util'
import { backendNames } from './backends.ts'
import { UsageError } from './error.ts'

/** Flags by name: those with a value are text. */
export type Flags = { readonly [name: string]: 'text' | 'switch' }
export type Given = { readonly [name: string]: string | boolean | undefined }

/** Reads flags. Throws UsageError for unknown ones, missing values and anything else. */
export function readFlags(flags: Flags, args: readonly string[]): Given {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const [name, kind] of Object.entries(flags))
    options[name] = { type: kind === 'text' ? 'string' : 'boolean' }
  try {
    return parseArgs({ args: [...args], options }).values as Given
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]!)
  }
}

/** A whole number of at least `least`, or `otherwise` where the flag is not given. */
export function whole(given: Given, name: string, least: number, otherwise: number): number {
  const text = given[name]
  return text === undefined ? otherwise : wholeOf(name, String(text), least)
}

/** The parts of a list `a,b,c`. */
export function list(given: Given, name: string, otherwise: readonly string[]): readonly string[] {
  const text = given[name]
  if (text === undefined) return otherwise
  const parts = String(text)
    .split(',')
    .map(part => part.trim())
  if (parts.includes('')) throw refuse(name, 'names with commas between', String(text))
  return [...new Set(parts)]
}

/** A list of which every part is one of a few words. */
export function words(
  given: Given,
  name: string,
  known: readonly string[],
  otherwise: readonly string[],
): readonly string[] {
  const parts = list(given, name, otherwise)
  for (const part of parts) if (!known.includes(part)) throw refuse(name, known.join(', '), part)
  return parts
}

export function backendsOf(given: Given): readonly string[] {
  return words(given, 'backend', backendNames, ['wasm'])
}

/** Numbers of threads, for backends that have any; undefined leaves it to them. */
export function threadsOf(given: Given, threaded: boolean): readonly (number | undefined)[] {
  if (given.threads === undefined) return [undefined]
  const counts = list(given, 'threads', []).map(part => wholeOf('threads', part, 1))
  if (!threaded && counts.some(n => n > 1))
    throw new UsageError('--threads needs a backend that has several', {
      expected: 'worker among the backends',
      got: String(given.backend ?? 'wasm'),
    })
  return counts
}

function wholeOf(name: string, text: string, least: number): number {
  const n = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(n) && n >= least) return n
  throw refuse(name, `a whole number of at least ${least}`, text)
}

function refuse(name: string, expected: string, got: string): UsageError {
  return new UsageError(`--${name} is not usable`, { expected, got: `'${got}'` })
}
