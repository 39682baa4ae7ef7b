import { MicrobatchError } from '../../errors.ts'
import type { Graph, Node, Site, ValueId } from '../../graph.ts'
import { opDef } from '../../ops/index.ts'
import type { Type } from '../../type.ts'
import { type Batch, type Outcome, outcomeOf } from './rules.ts'

/** How the values of a graph depend on the examples of a batch. */
export interface Analysis {
  /** Where each value has examples; undefined for one that does not depend on them, or on all of them at once. */
  readonly at: readonly (Batch | undefined)[]
  /** What each node makes of examples; undefined for one that reads none. */
  readonly outcomes: readonly (Exclude<Outcome, { kind: 'mixed' }> | undefined)[]
}

/**
 * Finds where each value has the examples that the inputs `fed` have in their first axis. Throws MicrobatchError where a
 * node computes something of one example from another.
 */
export function analyse(graph: Graph, fed: readonly ValueId[], rows: number): Analysis {
  const at: (Batch | undefined)[] = new Array(graph.values.length).fill(undefined)
  for (const v of fed) at[v] = { axis: 0, unit: 1 }
  /** Values that depend on all examples; and those of which nothing is known, after a mixture that was found. */
  const [whole, lost] = [new Set<ValueId>(), new Set<ValueId>()]
  const mixing: Node[] = []
  const outcomes = graph.nodes.map((node): Analysis['outcomes'][number] => {
    const reads = node.inputs.map(v => at[v])
    const mark = (set: Set<ValueId>): void => node.results.forEach(v => void set.add(v))
    if (node.inputs.some(v => lost.has(v))) return void mark(lost)
    const readsWhole = node.inputs.some(v => whole.has(v))
    if (reads.every(b => b === undefined)) return void (readsWhole && mark(whole))
    const types = node.inputs.map(v => graph.values[v]!)
    const result = graph.values[node.results[0]!]!
    const outcome = outcomeOf({ node, at: reads, types, result, rows })
    if (outcome.kind === 'mixed' || readsWhole) mixing.push(node)
    if (outcome.kind === 'mixed') return void mark(opDef(node.op).kind === 'reduction' ? whole : lost)
    if (outcome.kind === 'sum') mark(whole)
    else for (const v of node.results) at[v] = outcome.at
    return outcome
  })
  if (mixing.length > 0) throw mixedError(mixing)
  return { at, outcomes }
}

function mixedError(nodes: readonly Node[]): MicrobatchError {
  const forward = nodes.filter(n => n.site?.derivative !== true)
  const sites = (forward.length > 0 ? forward : nodes).flatMap(n => n.site ?? [])
  const layers = [...new Set(sites.map(s => s.path))]
  const [first] = sites as [Site | undefined]
  const shown = layers.map(path => (path === '' ? (forward[0] ?? nodes[0]!).op : `'${path}'`))
  return new MicrobatchError('the examples of a batch are not computed apart from each other', layers, {
    expected: 'what is computed of an example to depend on no other',
    got: `a mixture in ${shown.join(', ')}`,
    hint: 'Replace these layers (layer norm for batch norm), or do without microbatches.',
    ...(first !== undefined && { site: first }),
  })
}

/** The inputs that hold examples and how many there are. Throws MicrobatchError. */
export function examplesOf(
  { inputs, values }: Graph,
  names: readonly string[] | undefined,
): { readonly fed: readonly ValueId[]; readonly rows: number } {
  for (const name of names ?? [])
    if (!inputs.some(i => isIn(i.name, name)))
      throw new MicrobatchError(`the program has no input '${name}'`, [], {
        expected: inputs.map(i => i.name).join(', ') || 'no inputs',
      })
  const shapeOf = (v: ValueId): Type['shape'] => values[v]!.shape
  const fed = inputs.filter(i =>
    names === undefined ? shapeOf(i.value).length > 0 : names.some(name => isIn(i.name, name)),
  )
  const [rows, ...others] = [...new Set(fed.map(i => shapeOf(i.value)[0]))]
  if (rows === undefined || others.length > 0)
    throw new MicrobatchError('it is not clear what the examples of a batch are', [], {
      expected: 'inputs that have the same size in their first axis',
      got: fed.map(i => `'${i.name}' [${shapeOf(i.value).join(',')}]`).join(', ') || 'no such input',
      hint: "Name those that hold examples: microbatches: { count: 4, inputs: ['x', 'y'] }.",
    })
  return { fed: fed.map(i => i.value), rows }
}

/** Whether an input is the named one, or a leaf of the argument of that name. */
function isIn(input: string, name: string): boolean {
  return input === name || input.startsWith(`${name}.`)
}
