/** Where text goes: results to `out`, a line each; everything else to `err`. */
export interface Io {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
  /** The script that serves measured processes; without it everything runs in this one. */
  readonly script?: string
}
