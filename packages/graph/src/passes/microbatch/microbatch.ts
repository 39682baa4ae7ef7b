import { MicrobatchError } from '../../errors.ts'
import type { Attrs, Graph, Hints, Node, ValueId } from '../../graph.ts'
import { opDef } from '../../ops/index.ts'
import { Rewriter } from '../rewrite.ts'
import { type Analysis, analyse, examplesOf } from './analyse.ts'
import { type Batch, slicedAttrs } from './rules.ts'

export interface MicrobatchOptions {
  /** Into how many equal slices the batch is cut. Throws where they would not be equal. */
  readonly count?: number
  /** Instead of `count`: how many examples a slice has; the last one has what remains. */
  readonly rows?: number
  /** Inputs whose first axis counts the examples of the batch: all that have an axis, unless given. */
  readonly inputs?: readonly string[]
}

/** Some examples of a batch. */
interface Slice {
  readonly index: number
  readonly start: number
  readonly rows: number
}

/**
 * Gradient accumulation: the same graph with its batch cut into slices, one computed after the other. What is summed
 * over the examples (a loss, a gradient) is the sum of that over the slices, added in their order, so that it equals
 * the other to rounding; means are weighted as before, since only sums are cut. What is computed of each example has
 * the same bits, random numbers included; outputs of examples are joined again. Inputs, state and outputs stay.
 *
 * Throws MicrobatchError where the batch cannot be cut evenly, and where examples depend on each other, naming the
 * layers (batch norm while training).
 *
 * @example
 * const quarter = microbatch(trace(step, [f32(64, 8), i32(64)]).graph, { count: 4 })
 */
export function microbatch(graph: Graph, options: MicrobatchOptions): Graph {
  const { fed, rows } = examplesOf(graph, options.inputs)
  const slices = slicesOf(rows, options)
  if (slices.length <= 1) return graph
  return new Cutter(graph, analyse(graph, fed, rows)).cut(slices)
}

/** Counts of microbatches, above one, that a graph can be cut into evenly; none where its examples depend on each other. */
export function microbatchCounts(graph: Graph, inputs?: readonly string[]): number[] {
  try {
    const { fed, rows } = examplesOf(graph, inputs)
    analyse(graph, fed, rows)
    return divisors(rows).slice(1)
  } catch (error) {
    if (error instanceof MicrobatchError) return []
    throw error
  }
}

function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter(d => n % d === 0)
}

function slicesOf(rows: number, { count, rows: each }: MicrobatchOptions): Slice[] {
  const given = count ?? each
  if (
    given === undefined ||
    (count !== undefined && each !== undefined) ||
    !Number.isInteger(given) ||
    given < 1
  )
    throw new MicrobatchError('the number of microbatches is not usable', [], {
      expected: 'a whole number above zero, as count or as rows',
      got: JSON.stringify({ count, rows: each }),
    })
  if (count !== undefined && rows % count !== 0)
    throw new MicrobatchError('the batch cannot be cut evenly', [], {
      expected: `a number that divides ${rows} examples: ${divisors(rows).join(', ')}`,
      got: `${count} microbatches`,
      hint: 'Change the batch size, or the number of microbatches.',
    })
  const size = each ?? rows / count!
  return Array.from({ length: Math.ceil(rows / size) }, (_, index) => ({
    index,
    start: index * size,
    rows: Math.min(size, rows - index * size),
  }))
}

/** Writes a graph anew, slice by slice. */
class Cutter {
  readonly #graph: Graph
  readonly #analysis: Analysis
  readonly #out = new Rewriter()
  readonly #producer: (number | undefined)[] = []
  /** New ids of values that are read whole. */
  readonly #whole: (ValueId | undefined)[] = []
  /** New ids of the slices of values. */
  readonly #sliced = new Map<string, ValueId>()

  constructor(graph: Graph, analysis: Analysis) {
    this.#graph = graph
    this.#analysis = analysis
    for (const [i, { results }] of graph.nodes.entries()) for (const v of results) this.#producer[v] = i
  }

  cut(slices: readonly Slice[]): Graph {
    const { inputs, state, constants, nodes, outputs, values, name } = this.#graph
    const leaf = (v: ValueId): void => {
      this.#whole[v] = this.#out.leaf(values[v]!)
    }
    for (const { value } of inputs) leaf(value)
    for (const { value } of state) leaf(value)
    for (const { value, bytes } of constants) this.#whole[value] = this.#out.constant(values[value]!, bytes)
    for (const slice of slices)
      for (const [i, node] of nodes.entries())
        if (this.#analysis.outcomes[i] !== undefined) this.#runSlice(i, node, slice)
    const finish = (v: ValueId): ValueId => this.#complete(v, slices)
    const at = <T extends { readonly value: ValueId }>(x: T): T => ({ ...x, value: finish(x.value) })
    // Updates stand where they stood, each after all that it needs.
    const wanted = new Set([
      ...outputs.map(o => o.value),
      ...state.flatMap(s => (s.next === undefined ? [] : [s.next])),
    ])
    for (const { results } of nodes) for (const v of results) if (wanted.has(v)) finish(v)
    const nexts = state.map(s => ({ ...at(s), ...(s.next !== undefined && { next: finish(s.next) }) }))
    const outs = outputs.map(at)
    return {
      name,
      values: this.#out.values,
      inputs: inputs.map(at),
      state: nexts,
      constants: this.#out.constants,
      outputs: outs,
      nodes: this.#out.nodes,
    }
  }

  /** One node on one slice; sums grow by it. */
  #runSlice(i: number, node: Node, slice: Slice): void {
    const outcome = this.#analysis.outcomes[i]!
    const inputs = node.inputs.map((v, k) => {
      const cut = outcome.operands[k]
      return cut === undefined ? this.#read(v) : this.#slice(v, cut, slice)
    })
    const at = outcome.kind === 'batched' ? outcome.at : undefined
    const made = this.#emit(node, inputs, at, slice)
    for (const [k, v] of node.results.entries()) {
      if (at !== undefined) this.#sliced.set(keyOf(v, at, slice), made[k]!)
      else {
        const { site } = node
        const sum = this.#whole[v]
        this.#whole[v] =
          sum === undefined
            ? made[k]!
            : this.#out.add(
                {
                  op: 'add',
                  attrs: {},
                  inputs: [sum, made[k]!],
                  hints: { slice: slice.index },
                  ...(site && { site }),
                },
                [this.#graph.values[v]!],
              )[0]!
      }
    }
  }

  /** A node with other inputs; its results cut at `at`. */
  #emit(node: Node, inputs: readonly ValueId[], at: Batch | undefined, slice: Slice): ValueId[] {
    const { op, site, hints } = node
    const full = this.#graph.values[node.results[0]!]!.shape
    const shape = full.map((d, a) => (a === at?.axis ? at.unit * slice.rows : d))
    const attrs: Attrs = slicedAttrs(node, shape, at?.axis)
    const types = opDef(op).infer(
      inputs.map(v => this.#out.type(v)),
      attrs,
    )
    return this.#out.add({ op, attrs, inputs, ...(site && { site }), hints: hintsIn(slice, hints) }, types)
  }

  /** The examples of a slice, of a value that has them or one that is the same for every batch. */
  #slice(v: ValueId, at: Batch, slice: Slice): ValueId {
    const key = keyOf(v, at, slice)
    const known = this.#sliced.get(key)
    if (known !== undefined) return known
    const made = this.#narrowed(v, at, slice) ?? this.#cutOut(v, at, slice)
    this.#sliced.set(key, made)
    return made
  }

  /** What makes the whole of a value, made to make the slice alone: what is computed of the index, or repeated. */
  #narrowed(v: ValueId, at: Batch, slice: Slice): ValueId | undefined {
    const index = this.#producer[v]
    if (index === undefined) return undefined
    const node = this.#graph.nodes[index]!
    const same = (): ValueId[] => node.inputs.map(input => this.#slice(input, at, slice))
    const list = (name: string): readonly number[] => node.attrs[name] as readonly number[]
    if (opDef(node.op).kind === 'elementwise') return this.#emit(node, same(), at, slice)[0]
    if (node.op === 'full' || (node.op === 'iota' && node.attrs.axis !== at.axis))
      return this.#emit(node, [], at, slice)[0]
    const [input] = node.inputs as [ValueId]
    if (node.op === 'transpose')
      return this.#emit(
        node,
        [this.#slice(input, { ...at, axis: list('perm')[at.axis]! }, slice)],
        at,
        slice,
      )[0]
    if (node.op !== 'broadcast') return undefined
    const from = list('axes').indexOf(at.axis)
    const repeats = from < 0 || this.#graph.values[input]!.shape[from] === 1
    const read = repeats ? this.#read(input) : this.#slice(input, { ...at, axis: from }, slice)
    return this.#emit(node, [read], at, slice)[0]
  }

  #cutOut(v: ValueId, { axis, unit }: Batch, { index, start, rows }: Slice): ValueId {
    const whole = this.#read(v)
    const { shape } = this.#out.type(whole)
    const node = this.#producer[v] === undefined ? undefined : this.#graph.nodes[this.#producer[v]]
    const { site } = node ?? {}
    return this.#out.emit(
      'slice',
      {
        start: shape.map((_, a) => (a === axis ? unit * start : 0)),
        stop: shape.map((d, a) => (a === axis ? unit * (start + rows) : d)),
        step: shape.map(() => 1),
      },
      [whole],
      { ...(site && { site }), hints: { slice: index } },
    )
  }

  /** A value that is read whole, computed where it is first needed. */
  #read(v: ValueId): ValueId {
    const known = this.#whole[v]
    if (known !== undefined) return known
    const open = [v]
    while (open.length > 0) {
      const next = open[open.length - 1]!
      const node = this.#graph.nodes[this.#producer[next]!]!
      const missing = node.inputs.filter(input => this.#whole[input] === undefined)
      if (missing.length > 0) {
        open.push(...missing)
        continue
      }
      open.pop()
      if (this.#whole[next] !== undefined) continue
      const inputs = node.inputs.map(input => this.#whole[input]!)
      const types = node.results.map(r => this.#graph.values[r]!)
      const made = this.#out.add({ ...node, inputs }, types)
      for (const [k, r] of node.results.entries()) this.#whole[r] = made[k]!
    }
    return this.#whole[v]!
  }

  /** A value at the end: slices are joined. */
  #complete(v: ValueId, slices: readonly Slice[]): ValueId {
    const at = this.#analysis.at[v]
    if (at === undefined || this.#producer[v] === undefined) return this.#read(v)
    const known = this.#whole[v]
    if (known !== undefined) return known
    const parts = slices.map(slice => this.#slice(v, at, slice))
    const joined = this.#out.emit('concat', { axis: at.axis }, parts, this.#graph.nodes[this.#producer[v]])
    this.#whole[v] = joined
    return joined
  }
}

function keyOf(v: ValueId, { axis, unit }: Batch, { index }: Slice): string {
  return `${v}/${axis}/${unit}/${index}`
}

/** Each slice has `checkpoint` regions of its own. */
function hintsIn({ index }: Slice, hints: Hints = {}): Hints {
  const { region, result } = hints
  return {
    ...hints,
    slice: index,
    ...(region !== undefined && { region: `slice ${index} ${region}` }),
    ...(result !== undefined && { result: `slice ${index} ${result}` }),
  }
}
