import type { DType } from '../dtype.ts'
import { isDType } from '../dtype.ts'
import type { Attr, Attrs, Graph } from '../graph.ts'
import type { Type } from '../type.ts'
import { GraphSyntaxError, type Token, type TokenKind, tokens } from './tokens.ts'

const number = /^-?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|Infinity)$|^NaN$/

/** How deep attributes may nest. */
const deepest = 64

/** Reads the parts that lines of a graph are made of. Everything throws GraphSyntaxError. */
export class Reader {
  readonly #tokens: readonly Token[]
  readonly #graph: (reader: Reader) => Graph
  #at = 0
  #depth = 0

  /** `graph` reads a graph that stands in an attribute, from after its keyword. */
  constructor(text: string, graph: (reader: Reader) => Graph) {
    this.#tokens = tokens(text)
    this.#graph = graph
  }

  get next(): Token {
    return this.#tokens[this.#at] as Token
  }

  fail(expected: string, at: Token = this.next, hint?: string): GraphSyntaxError {
    const shown = { line: 'the end of the line', end: 'the end of the text', value: `%${at.text}` }
    return new GraphSyntaxError(at.line, expected, shown[at.kind as 'line'] ?? `'${at.text}'`, hint)
  }

  is(kind: TokenKind, text?: string): boolean {
    return this.next.kind === kind && (text === undefined || this.next.text === text)
  }

  /** Takes the next token if it is this one. */
  skip(kind: TokenKind, text?: string): boolean {
    const found = this.is(kind, text)
    if (found) this.#at++
    return found
  }

  take(kind: TokenKind, expected: string): Token {
    if (!this.is(kind)) throw this.fail(expected)
    return this.#tokens[this.#at++] as Token
  }

  mark(text: string): void {
    if (!this.skip('mark', text)) throw this.fail(`'${text}'`)
  }

  word(expected: string): Token {
    return this.take('word', expected)
  }

  /** A plain or quoted name. */
  name(what: string): string {
    return this.is('string') ? this.string(what) : this.word(`${what}, plain or in quotes`).text
  }

  string(what: string): string {
    const token = this.take('string', `${what} in quotes`)
    try {
      return JSON.parse(token.text) as string
    } catch {
      throw this.fail('a string as in JSON', token)
    }
  }

  value(): number {
    return Number(this.take('value', 'a value, such as %7').text)
  }

  number(what: string): number {
    const token = this.word(what)
    if (!number.test(token.text)) throw this.fail(what, token)
    return Number(token.text)
  }

  natural(what: string): number {
    const token = this.word(what)
    if (!/^\d+$/.test(token.text)) throw this.fail(what, token)
    return Number(token.text)
  }

  /** `f32[2,3]`. */
  type(): Type {
    const token = this.word('a type, such as f32[2,3]')
    if (!isDType(token.text)) throw this.fail('a type, such as f32[2,3]', token)
    const dtype: DType = token.text
    this.mark('[')
    const shape = this.#list(']', () => this.natural('a size, a whole number'))
    return { dtype, shape }
  }

  attrs(): Attrs {
    this.mark('{')
    const entries = this.#list('}', () => {
      const key = this.name('the name of an attribute')
      this.mark(':')
      return [key, this.attr()] as const
    })
    return Object.fromEntries(entries)
  }

  attr(): Attr {
    if (++this.#depth > deepest) throw this.fail(`attributes at most ${deepest} deep`)
    const attr = this.#attr()
    this.#depth--
    return attr
  }

  #attr(): Attr {
    if (this.is('string')) return this.string('a string')
    if (this.is('mark', '{')) return this.attrs()
    if (this.skip('mark', '[')) return this.#list(']', () => this.attr())
    const what = 'a number, string, true, false, null, list, {…} or graph'
    const token = this.word(what)
    if (token.text === 'graph') return this.#graph(this)
    if (token.text === 'true' || token.text === 'false') return token.text === 'true'
    if (token.text === 'null') return null
    if (!number.test(token.text)) throw this.fail(what, token)
    return Number(token.text)
  }

  /** Items between commas up to `close`. */
  #list<T>(close: string, item: () => T): T[] {
    const list: T[] = []
    if (this.skip('mark', close)) return list
    do list.push(item())
    while (this.skip('mark', ','))
    if (!this.skip('mark', close)) throw this.fail(`',' or '${close}'`)
    return list
  }
}
