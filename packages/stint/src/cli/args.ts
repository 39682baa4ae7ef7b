import { type ParseArgsConfig, parseArgs } from 'node:util'
import { CliError } from './errors.ts'

/** A flag: with a value, which the text names, or without one. */
interface Flag {
  readonly value?: string
  readonly about: string
}

/** What a command takes. */
export interface Usage {
  readonly name: string
  readonly about: string
  readonly positionals: readonly string[]
  readonly flags: { readonly [name: string]: Flag }
}

/** What a command was given. */
export class Given {
  readonly positionals: readonly string[]
  readonly #usage: Usage
  readonly #values: { readonly [name: string]: string | boolean | undefined }

  constructor(
    usage: Usage,
    positionals: readonly string[],
    values: { readonly [name: string]: string | boolean | undefined },
  ) {
    this.#usage = usage
    this.positionals = positionals
    this.#values = values
  }

  /** Whether a flag without a value was given. */
  has(name: string): boolean {
    return this.#values[name] === true
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  /** A whole number of at least `least`. Throws CliError `USAGE`. */
  whole(name: string, least: number): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const n = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(n) && n >= least) return n
    throw this.#refuse(name, `a whole number of at least ${least}`, text)
  }

  /** A number above zero. Throws CliError `USAGE`. */
  positive(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const n = Number(text)
    if (text.trim() !== '' && Number.isFinite(n) && n > 0) return n
    throw this.#refuse(name, 'a number above zero', text)
  }

  /** One of a few words. Throws CliError `USAGE`. */
  oneOf<T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.text(name)
    if (text === undefined || words.includes(text as T)) return text as T | undefined
    throw this.#refuse(name, words.join(', '), text)
  }

  #refuse(name: string, expected: string, got: string): CliError {
    return new CliError('USAGE', `--${name} is not usable`, {
      expected,
      got: `'${got}'`,
      hint: seeHelp(this.#usage),
    })
  }
}

/** Reads the arguments of a command. Throws CliError `USAGE` for unknown flags and missing or left-over arguments. */
export function readArgs(usage: Usage, argv: readonly string[]): Given {
  const { values, positionals } = parse(usage, argv)
  const { length } = usage.positionals
  if (values.help === true) return new Given(usage, positionals, values)
  if (positionals.length < length)
    throw new CliError('USAGE', `stint ${usage.name} needs ${usage.positionals[positionals.length]}`, {
      hint: seeHelp(usage),
    })
  if (positionals.length > length)
    throw new CliError('USAGE', 'there is an argument too many', {
      expected: usage.positionals.join(' '),
      got: `'${positionals[length]}' after them`,
      hint: seeHelp(usage),
    })
  return new Given(usage, positionals, values)
}

function parse(
  usage: Usage,
  argv: readonly string[],
): ReturnType<typeof parseArgs> & {
  values: { [name: string]: string | boolean | undefined }
} {
  const flags = Object.entries(usage.flags).map(
    ([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' } as const] as const,
  )
  const options: ParseArgsConfig['options'] = {
    ...Object.fromEntries(flags),
    help: { type: 'boolean', short: 'h' },
  }
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true }) as ReturnType<
      typeof parse
    >
  } catch (error) {
    const message = (error as Error).message.split('. ')[0]!
    throw new CliError('USAGE', message, { hint: seeHelp(usage), cause: error })
  }
}

function seeHelp({ name }: Usage): string {
  return `'stint ${name} --help' says what it takes.`
}

/** The help of one command. */
export function showUsage({ name, about, positionals, flags }: Usage): string {
  const rows = Object.entries(flags).map(([flag, { value, about: text }]) => [
    `--${flag}${value === undefined ? '' : ` ${value}`}`,
    text,
  ])
  const width = Math.max(...rows.map(([flag]) => flag!.length))
  const lines = rows.map(([flag, text]) => `  ${flag!.padEnd(width)}  ${text}`)
  return [`stint ${[name, ...positionals].join(' ')} [flags]`, '', about, '', ...lines, ''].join('\n')
}
