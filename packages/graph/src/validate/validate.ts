import { StintError } from '../errors.ts'
import type { Attrs, Graph, ValueId } from '../graph.ts'
import { isOpName, type OpName, opDef } from '../ops/index.ts'
import { bytesOf, sameType, showType, type Type } from '../type.ts'
import { checkAttrs } from './attrs.ts'
import {
  listOf,
  naturalOf,
  objectOf,
  optional,
  type Plain,
  show,
  stringOf,
  typeFrom,
  wrong,
} from './fields.ts'
import { orderError, type Wiring } from './order.ts'

/** What a message calls a part of the graph, given what it calls it otherwise. */
export type Where = (part: unknown, otherwise: string) => string

/**
 * Checks a graph from outside, which may be anything: known ops with valid attributes and as many inputs as they take,
 * types that follow from the inputs, every value computed exactly once and before it is read, names that differ,
 * constants of the right length, successors of the type of their state. Gives the same object.
 *
 * @throws GraphError that names the part, what was expected and what came.
 */
export function validateGraph(graph: unknown): Graph {
  return checkGraph(graph, (_, otherwise) => otherwise)
}

/** The same, with other names for the parts. */
export function checkGraph(graph: unknown, where: Where): Graph {
  return new Check(graph, where).run()
}

const roles = ['parameter', 'optimizer', 'statistic']

class Check {
  readonly #graph: Plain
  readonly #where: Where
  readonly #types: readonly Type[]
  readonly #nodes: readonly Wiring[]
  /** What computes each value, as a message calls it. */
  readonly #known: (string | undefined)[] = []

  constructor(graph: unknown, where: Where) {
    this.#where = where
    this.#graph = objectOf(graph, 'the graph')
    stringOf(this.#graph.name, 'the graph', 'name')
    this.#types = this.#list('values').map((t, i) => typeFrom(t, this.#where(t, `value %${i}`)))
    this.#nodes = this.#list('nodes').map((node, i) => this.#wiring(node, i))
  }

  run(): Graph {
    for (const [i, x] of this.#list('inputs').entries()) this.#input(x, this.#where(x, `input ${i}`))
    const state = this.#list('state')
    for (const [i, x] of state.entries()) this.#state(x, this.#where(x, `state ${i}`))
    for (const [i, x] of this.#list('constants').entries()) this.#constant(x, this.#where(x, `constant ${i}`))
    for (const i of this.#nodes.keys()) this.#node(i)
    for (const i of this.#types.keys())
      if (this.#known[i] === undefined)
        throw wrong(this.#where(this.#types[i], `value %${i}`), 'nothing computes it')
    for (const [i, x] of state.entries()) this.#next(x as Plain, this.#where(x, `state ${i}`))
    for (const [i, x] of this.#list('outputs').entries()) {
      const part = this.#where(x, `output ${i}`)
      this.#read(objectOf(x, part).value, part, 'value')
    }
    this.#distinct('inputs', 'name')
    this.#distinct('state', 'path')
    this.#distinct('outputs', 'name')
    return this.#graph as unknown as Graph
  }

  #list(name: string): readonly unknown[] {
    return listOf(this.#graph[name], 'the graph', name)
  }

  /** Checks that all have a name and no two the same. */
  #distinct(list: string, field: string): void {
    const seen = new Set<string>()
    for (const [i, x] of this.#list(list).entries()) {
      const part = this.#where(x, `${list} ${i}`)
      const name = stringOf((x as Plain)[field], part, field)
      if (seen.has(name)) throw wrong(part, `its ${field} '${name}' is taken`)
      seen.add(name)
    }
  }

  /** An id in range. */
  #id(x: unknown, part: string, name: string): ValueId {
    const id = naturalOf(x, part, name)
    if (id < this.#types.length) return id
    throw wrong(part, `there is no value %${id}`, { expected: `at most %${this.#types.length - 1}` })
  }

  /** A value that stands already. */
  #read(x: unknown, part: string, name: string): ValueId {
    const id = this.#id(x, part, name)
    if (this.#known[id] === undefined) throw wrong(part, `nothing computes %${id}`)
    return id
  }

  /** Notes what computes a value, which nothing else may. */
  #define(id: ValueId, part: string): Type {
    const other = this.#known[id]
    if (other !== undefined) throw wrong(part, `%${id} is computed twice, first by ${other}`)
    this.#known[id] = part
    return this.#types[id] as Type
  }

  #input(x: unknown, part: string): void {
    const { value, range } = objectOf(x, part)
    this.#define(this.#id(value, part, 'value'), part)
    const isBounds = (r: unknown) =>
      Array.isArray(r) && r.length === 2 && r.every(b => typeof b === 'number' && !Number.isNaN(b))
    optional(range, isBounds, part, 'range', 'two numbers [low, high)')
  }

  #state(x: unknown, part: string): void {
    const { value, role } = objectOf(x, part)
    this.#define(this.#id(value, part, 'value'), part)
    optional(role, r => roles.includes(r as string), part, 'role', roles.join(', '))
  }

  #next({ value, next }: Plain, part: string): void {
    if (next === undefined) return
    const have = this.#types[value as ValueId] as Type
    const type = this.#types[this.#read(next, part, 'next')] as Type
    if (!sameType(have, type))
      throw wrong(part, 'its successor has another type', { expected: showType(have), got: showType(type) })
  }

  #constant(x: unknown, part: string): void {
    const { value, bytes } = objectOf(x, part)
    const type = this.#define(this.#id(value, part, 'value'), part)
    if (!(bytes instanceof Uint8Array))
      throw wrong(part, "'bytes' is wrong", { expected: 'a Uint8Array', got: show(bytes) })
    if (bytes.length !== bytesOf(type))
      throw wrong(part, 'its bytes do not fill its type', {
        expected: `${bytesOf(type)} bytes, as ${showType(type)}`,
        got: show(bytes),
      })
    const odd = type.dtype === 'bool' ? bytes.find(b => b > 1) : undefined
    if (odd !== undefined)
      throw wrong(part, 'it is not of bools', { expected: 'bytes 0 and 1', got: show(odd) })
  }

  /** `node 3 (dot → %7)`. */
  #partOf(node: unknown, i: number): string {
    const { op, results } = (node ?? {}) as Plain
    const to = Array.isArray(results) ? ` → ${results.map(id => `%${show(id)}`).join(', ')}` : ''
    return this.#where(node, `node ${i} (${typeof op === 'string' ? op : '?'}${to})`)
  }

  #nodePart(i: number): string {
    return this.#partOf(this.#list('nodes')[i], i)
  }

  /** Checks the ids of a node. */
  #wiring(node: unknown, i: number): Wiring {
    const part = this.#partOf(node, i)
    const { inputs, results } = objectOf(node, part)
    const ids = (x: unknown, name: string) => listOf(x, part, name).map(id => this.#id(id, part, name))
    return { inputs: ids(inputs, 'inputs'), results: ids(results, 'results') }
  }

  #node(i: number): void {
    const part = this.#nodePart(i)
    const { op, attrs, site, hints } = this.#list('nodes')[i] as Plain
    const { inputs, results } = this.#nodes[i] as Wiring
    if (typeof op !== 'string' || !isOpName(op)) throw wrong(part, 'there is no such op', { got: show(op) })
    const plain = objectOf(attrs, `${part}, attributes`)
    checkAttrs(plain, part, graph =>
      checkGraph(graph, (p, otherwise) => this.#where(p, `${part}, ${otherwise}`)),
    )
    for (const id of inputs) if (this.#known[id] === undefined) throw this.#unknown(i, id, part)
    checkArity(op, inputs.length, part)
    const types = inferred(
      op,
      inputs.map(id => this.#types[id] as Type),
      plain as Attrs,
      part,
    )
    if (types.length !== results.length)
      throw wrong(part, 'the number of results is wrong', {
        expected: `${types.length}`,
        got: `${results.length}`,
      })
    for (const [r, id] of results.entries()) {
      const declared = this.#define(id, part)
      const type = types[r] as Type
      if (!sameType(declared, type))
        throw wrong(part, `%${id} is of another type`, {
          expected: showType(type),
          got: showType(declared),
        })
    }
    if (site !== undefined) checkSite(objectOf(site, `${part}, site`), part)
    if (hints !== undefined) checkHints(objectOf(hints, `${part}, hints`), part)
  }

  #unknown(node: number, id: ValueId, part: string): Error {
    const later = this.#nodes.some(({ results }) => results.includes(id))
    if (!later) return wrong(part, `nothing computes %${id}`)
    return orderError(this.#nodes, node, id, i => this.#nodePart(i))
  }
}

function checkArity(op: OpName, count: number, part: string): void {
  const { arity } = opDef(op)
  const [least, most] = typeof arity === 'number' ? [arity, arity] : arity
  if (count >= least && count <= most) return
  const expected =
    least === most
      ? `${least}`
      : most === Number.POSITIVE_INFINITY
        ? `at least ${least}`
        : `${least} to ${most}`
  throw wrong(part, 'the number of inputs is wrong', { expected, got: `${count}` })
}

/** The types that follow from the inputs; errors of the op name the node. */
function inferred(op: OpName, inputs: readonly Type[], attrs: Attrs, part: string): readonly Type[] {
  try {
    return opDef(op).infer(inputs, attrs)
  } catch (error) {
    if (error instanceof StintError) {
      const { what, expected, got, hint } = error
      throw wrong(part, what, { expected, got, hint })
    }
    // What is not there at all, an op reads as if it were.
    if (error instanceof TypeError || error instanceof RangeError)
      throw wrong(part, 'its attributes are not those of the op', {
        op,
        got: Object.keys(attrs).join(', ') || 'none',
      })
    throw error
  }
}

function checkSite({ path, call, file, line, derivative }: Plain, part: string): void {
  stringOf(path, part, 'site.path')
  naturalOf(call, part, 'site.call')
  if (file !== undefined) stringOf(file, part, 'site.file')
  if (line !== undefined) naturalOf(line, part, 'site.line')
  optional(derivative, x => typeof x === 'boolean', part, 'site.derivative', 'true or false')
}

function checkHints({ keep, region, result, slice }: Plain, part: string): void {
  optional(keep, x => typeof x === 'boolean', part, 'hints.keep', 'true or false')
  if (region !== undefined) stringOf(region, part, 'hints.region')
  if (result !== undefined) stringOf(result, part, 'hints.result')
  if (slice !== undefined) naturalOf(slice, part, 'hints.slice')
}
