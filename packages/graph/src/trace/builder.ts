import { GraphError, ShapeError, StintError, TraceError } from '../errors.ts'
import type {
  Attrs,
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
import { type OpName, opDef } from '../ops/index.ts'
import { sameType, showType, type Type } from '../type.ts'
import { ScopeStack } from './site.ts'
import { Value } from './value.ts'

type Open<T> = { -readonly [K in keyof T]: T[K] }

/**
 * A graph while it is traced. Builders nest: a derivative or a loop body traces its function in a child, and a
 * value of an outer builder used there becomes an input of the child (a capture).
 */
export class Builder {
  readonly name: string
  readonly parent: Builder | undefined
  readonly scopes: ScopeStack
  readonly values: Type[] = []
  readonly nodes: Node[] = []
  readonly inputs: Open<Input>[] = []
  readonly state: Open<State>[] = []
  readonly constants: Constant[] = []
  /** Outer value → the input of this builder that stands for it. */
  readonly captures: Map<Value, ValueId> = new Map()
  /** How many `checkpoint` regions of each name there are; counted by the root. */
  readonly regions: Map<string, number> = new Map()
  readonly #handles: (Value | undefined)[] = []
  /** Index of the node that computes each value. */
  readonly #producers: number[] = []
  #hints: Hints | undefined
  #site: Site | undefined
  #closed = false

  constructor(name: string, parent?: Builder) {
    this.name = name
    this.parent = parent
    this.scopes = parent?.scopes ?? new ScopeStack()
    this.#hints = parent === undefined ? undefined : parent.#hints
  }

  get root(): Builder {
    return this.parent?.root ?? this
  }

  #add(type: Type): ValueId {
    return this.values.push(type) - 1
  }

  /** The handle of a value: one object an id, so that handles can be compared and used as keys. */
  value(id: ValueId): Value {
    let handle = this.#handles[id]
    if (handle === undefined) {
      handle = new Value(this, id, this.values[id] as Type)
      this.#handles[id] = handle
    }
    return handle
  }

  input(name: string, type: Type): Value {
    if (this.inputs.some(i => i.name === name)) throw new GraphError(`two inputs named '${name}'`)
    const value = this.#add(type)
    this.inputs.push({ name, value })
    return this.value(value)
  }

  /** A value kept between runs. Declared once a path; asking again gives the same value. */
  declareState(path: string, type: Type, role?: StateRole): Value {
    const known = this.state.find(s => s.path === path)
    if (known !== undefined) {
      const have = this.values[known.value] as Type
      if (!sameType(have, type))
        throw new ShapeError(`state '${path}' is declared twice`, {
          expected: showType(have),
          got: showType(type),
        })
      return this.value(known.value)
    }
    const value = this.#add(type)
    this.state.push({ path, value, ...(role && { role }) })
    return this.value(value)
  }

  /** Says what the state at `path` becomes at the end of the run. */
  setNext(path: string, next: Value): void {
    const entry = this.state.find(s => s.path === path)
    if (entry === undefined) throw new TraceError(`no state '${path}' was declared`)
    const have = this.values[entry.value] as Type
    if (!sameType(have, next.type))
      throw new ShapeError(`the successor of state '${path}' has another type`, {
        expected: showType(have),
        got: showType(next.type),
      })
    if (entry.next !== undefined) throw new TraceError(`state '${path}' is given two successors`)
    entry.next = this.use(next)
  }

  constant(type: Type, bytes: Uint8Array): Value {
    const value = this.#add(type)
    this.constants.push({ value, bytes })
    return this.value(value)
  }

  /** The id of `v` here; an outer value is captured as a new input. */
  use(v: Value): ValueId {
    if (v.builder === this) return v.id
    const captured = this.captures.get(v)
    if (captured !== undefined) return captured
    for (let b = this.parent; b !== undefined; b = b.parent) {
      if (b !== v.builder) continue
      const id = this.#add(v.type)
      this.inputs.push({ name: `capture${this.captures.size}`, value: id })
      this.captures.set(v, id)
      return id
    }
    throw new TraceError('a traced value is used outside the function that it was traced in', {
      got: `${showType(v.type)} of '${v.builder.name}'`,
      hint: 'Return it from that function (as an output or as aux) instead of keeping it in a variable.',
      site: this.scopes.site(),
    })
  }

  emit(op: OpName, attrs: Attrs, inputs: readonly Value[]): Value[] {
    if (this.#closed) throw new TraceError(`the trace of '${this.name}' has ended`)
    const def = opDef(op)
    const ids = inputs.map(v => this.use(v))
    let types: readonly Type[]
    try {
      types = def.infer(
        inputs.map(v => v.type),
        attrs,
      )
    } catch (error) {
      throw located(error, op, this.#site ?? this.scopes.site())
    }
    const results = types.map(t => this.#add(t))
    const site = this.#site ?? this.scopes.site()
    const index = this.nodes.push({
      op,
      attrs,
      inputs: ids,
      results,
      site,
      ...(this.#hints && { hints: this.#hints }),
    })
    for (const id of results) this.#producers[id] = index - 1
    return results.map(id => this.value(id))
  }

  /** What nodes are marked with at present. */
  get hints(): Hints {
    return this.#hints ?? {}
  }

  /** What the node that computes a value of this builder is marked with; undefined where no node does. */
  hintsOf(value: Value): Hints | undefined {
    const index = this.#producers[value.id]
    return index === undefined ? undefined : (this.nodes[index]!.hints ?? {})
  }

  /** Adds to what the node that computes a value of this builder is marked with. */
  mark(value: Value, hints: Hints): void {
    const index = this.#producers[value.id]
    if (index === undefined) return
    const node = this.nodes[index]!
    this.nodes[index] = { ...node, hints: { ...node.hints, ...hints } }
  }

  /** Runs `body` with every emitted node marked with `hints`. */
  withHints<T>(hints: Hints, body: () => T): T {
    const outer = this.#hints
    this.#hints = { ...outer, ...hints }
    try {
      return body()
    } finally {
      this.#hints = outer
    }
  }

  /** Runs `body` with every emitted node placed at `site`: a derivative's nodes belong to the line they derive from. */
  withSite<T>(site: Site | undefined, body: () => T): T {
    const outer = this.#site
    this.#site = site ?? outer
    try {
      return body()
    } finally {
      this.#site = outer
    }
  }

  finish(outputs: readonly Output[]): Graph {
    this.#closed = true
    const { name, values, inputs, state, constants, nodes } = this
    return { name, values, inputs, state, constants, outputs, nodes }
  }
}

/** The same error with op and site filled in, which an op's `infer` does not know. */
function located(error: unknown, op: string, site: Site): unknown {
  if (!(error instanceof StintError) || error.site !== undefined) return error
  const Class = error.constructor as new (what: string, fields: object) => StintError
  const what = error.what
  return new Class(what, { op, expected: error.expected, got: error.got, hint: error.hint, site })
}
