import { GraphError } from '../errors.ts'

/** A text that is not the text form of a graph: where, what was expected, what stands there. */
export class GraphSyntaxError extends GraphError {
  /** From 1. */
  readonly line: number

  constructor(line: number, expected: string, got: string, hint?: string) {
    super(`line ${line} of the graph does not parse`, { expected, got, hint })
    this.line = line
  }
}

export type TokenKind = 'word' | 'value' | 'string' | 'mark' | 'line' | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly line: number
}

const token =
  /(?<skip>[ \t\r]+|\/\/[^\n]*)|(?<line>\n)|%(?<value>\d+)|(?<string>"(?:[^"\\\n]|\\.)*")|(?<mark>->|[:=,{}[\]();#])|(?<word>[A-Za-z0-9_.$-][A-Za-z0-9_.$/+-]*)/y

/** Words, values (`%7` as `7`), quoted strings, marks and ends of lines. Throws GraphSyntaxError. */
export function tokens(text: string): Token[] {
  const list: Token[] = []
  let line = 1
  for (let at = 0; at < text.length; ) {
    token.lastIndex = at
    const groups = token.exec(text)?.groups
    if (groups === undefined)
      throw new GraphSyntaxError(line, 'a word, %number, string or mark', rest(text, at))
    at = token.lastIndex
    if (groups.skip !== undefined) continue
    const kind =
      (['line', 'value', 'string', 'mark', 'word'] as const).find(k => groups[k] !== undefined) ?? 'end'
    list.push({ kind, text: groups[kind] ?? '', line })
    if (kind === 'line') line++
  }
  list.push({ kind: 'end', text: '', line })
  return list
}

function rest(text: string, at: number): string {
  return JSON.stringify(text.slice(at, at + 20).split('\n')[0])
}
