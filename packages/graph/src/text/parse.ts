import type {
  Constant,
  Graph,
  Hints,
  Input,
  Node,
  Output,
  Site,
  State,
  StateRole,
  ValueId,
} from '../graph.ts'
import { isOpName } from '../ops/index.ts'
import type { Type } from '../type.ts'
import { checkGraph, type Where } from '../validate/validate.ts'
import { fromHex } from './hex.ts'
import { Reader } from './reader.ts'
import type { Token } from './tokens.ts'

/**
 * The graph that `printGraph` wrote, or that somebody wrote by hand in that form, checked like any graph from outside.
 * Lines that begin with `//` are comments; lines may stand in any order that declares values before they are read.
 *
 * @throws GraphSyntaxError with the line and what was expected there; GraphError, naming the line, where the text is
 * of the right form but not a graph.
 *
 * @example
 * parseGraph('graph double\n  input %0 x: f32[3]\n  %1: f32[3] = add %0 %0\n  return y: %1\n')
 */
export function parseGraph(text: string): Graph {
  const lines = new Map<unknown, number>()
  const block = (reader: Reader, name: string, end: () => boolean) => new Block(reader, lines).read(name, end)
  const reader = new Reader(text, inner => {
    const name = inner.name('the name of a graph')
    inner.mark('{')
    return block(inner, name, () => inner.skip('mark', '}'))
  })
  while (reader.skip('line'));
  if (!reader.skip('word', 'graph')) throw reader.fail("'graph' and its name")
  const graph = block(reader, reader.name('the name of the graph'), () => reader.is('end'))
  const where: Where = (part, otherwise) => {
    const line = lines.get(part)
    return line === undefined ? otherwise : `line ${line}, ${otherwise}`
  }
  checkGraph(graph, where)
  return graph
}

const statement = "'input', 'state', 'constant', 'return' or a node, such as %2: f32[3] = add %0 %1"

/** The lines of one graph. */
class Block {
  readonly #reader: Reader
  /** The line of each part. */
  readonly #lines: Map<unknown, number>
  readonly #types = new Map<ValueId, Type>()
  readonly #inputs: Input[] = []
  readonly #state: State[] = []
  readonly #constants: Constant[] = []
  readonly #nodes: Node[] = []
  readonly #outputs: Output[] = []

  constructor(reader: Reader, lines: Map<unknown, number>) {
    this.#reader = reader
    this.#lines = lines
  }

  read(name: string, end: () => boolean): Graph {
    const reader = this.#reader
    while (!end()) {
      if (reader.skip('line')) continue
      this.#statement()
      if (!reader.is('line') && !reader.is('end') && !reader.is('mark', '}'))
        throw reader.fail('the end of the line')
    }
    const values = this.#values()
    const [inputs, state, constants] = [this.#inputs, this.#state, this.#constants]
    return { name, values, inputs, state, constants, outputs: this.#outputs, nodes: this.#nodes }
  }

  #statement(): void {
    const reader = this.#reader
    const token = reader.next
    if (token.kind === 'value') this.#put(this.#nodes, this.#node(), token)
    else if (reader.skip('word', 'input')) this.#put(this.#inputs, this.#input(), token)
    else if (reader.skip('word', 'state')) this.#put(this.#state, this.#stateEntry(), token)
    else if (reader.skip('word', 'constant')) this.#put(this.#constants, this.#constant(), token)
    else if (reader.skip('word', 'return'))
      do this.#put(this.#outputs, this.#output(), token)
      while (reader.skip('mark', ','))
    else throw reader.fail(statement)
  }

  #put<T>(list: T[], part: T, { line }: Token): void {
    list.push(part)
    this.#lines.set(part, line)
  }

  /** Declares a value of the type that stands next. */
  #declare(value: ValueId, at: Token): void {
    this.#reader.mark(':')
    if (this.#types.has(value)) throw this.#reader.fail('every value declared once', at)
    this.#types.set(value, this.#reader.type())
  }

  #values(): Type[] {
    const values: Type[] = []
    for (let id = 0; id < this.#types.size; id++) {
      const type = this.#types.get(id)
      if (type === undefined)
        throw this.#reader.fail(`values numbered from 0 without gaps; %${id} is not declared`)
      values.push(type)
    }
    return values
  }

  #named(what: string): [value: ValueId, name: string] {
    const at = this.#reader.next
    const value = this.#reader.value()
    const name = this.#reader.name(what)
    this.#declare(value, at)
    return [value, name]
  }

  #input(): Input {
    const reader = this.#reader
    const [value, name] = this.#named('the name of the input')
    if (!reader.skip('word', 'in')) return { name, value }
    reader.mark('[')
    const low = reader.number('the lower bound')
    reader.mark(',')
    const high = reader.number('the upper bound')
    reader.mark(')')
    return { name, value, range: [low, high] }
  }

  #stateEntry(): State {
    const reader = this.#reader
    const [value, path] = this.#named('the path of the state')
    const role = reader.is('word') ? (reader.word('a role').text as StateRole) : undefined
    const next = reader.skip('mark', '->') ? reader.value() : undefined
    return { path, ...(role !== undefined && { role }), value, ...(next !== undefined && { next }) }
  }

  #constant(): Constant {
    const reader = this.#reader
    const at = reader.next
    const value = reader.value()
    this.#declare(value, at)
    reader.mark('=')
    const digits = reader.next
    const bytes = fromHex(reader.string('the bytes, two hexadecimal digits each,'))
    if (bytes === undefined) throw reader.fail('two hexadecimal digits a byte', digits)
    return { value, bytes }
  }

  #output(): Output {
    const name = this.#reader.name('the name of the output')
    this.#reader.mark(':')
    return { name, value: this.#reader.value() }
  }

  #node(): Node {
    const reader = this.#reader
    const results: ValueId[] = []
    do {
      const at = reader.next
      results.push(reader.value())
      this.#declare(results[results.length - 1] as ValueId, at)
    } while (reader.skip('mark', ','))
    reader.mark('=')
    const op = reader.word('an op')
    if (!isOpName(op.text)) throw reader.fail('an op', op)
    const inputs: ValueId[] = []
    while (reader.is('value')) inputs.push(reader.value())
    const attrs = reader.is('mark', '{') ? reader.attrs() : {}
    const hints = reader.skip('word', 'hints') ? (reader.attrs() as Hints) : undefined
    const site = reader.skip('mark', ';') ? this.#site() : undefined
    return { op: op.text, attrs, inputs, results, ...(site && { site }), ...(hints && { hints }) }
  }

  #site(): Site {
    const reader = this.#reader
    const path = reader.name('the layer path')
    const call = reader.skip('mark', '#') ? reader.natural('which call of the layer, a whole number') : 0
    const mark = () => reader.is('word', 'derivative') || reader.is('word', 'primal')
    const named = (reader.is('word') && !mark()) || reader.is('string')
    const file = named ? reader.name('a file') : undefined
    const line = reader.skip('mark', ':') ? reader.natural('the number of a line') : undefined
    const derivative = mark() ? reader.word('a mark').text === 'derivative' : undefined
    return {
      path,
      call,
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
      ...(derivative !== undefined && { derivative }),
    }
  }
}
