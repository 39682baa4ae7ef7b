import process from 'node:process'

/** What a command may touch of the world: results go to `out`, everything else to `err`. */
export interface Io {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether a person watches `err` in a terminal. */
  readonly live: boolean
  /** Width of that terminal. */
  readonly columns: number
  readonly cwd: string
}

/** Those of this process. */
export function processIo(): Io {
  return {
    out: text => process.stdout.write(text),
    err: text => process.stderr.write(text),
    live: process.stderr.isTTY === true,
    columns: process.stderr.columns ?? 80,
    cwd: process.cwd(),
  }
}
