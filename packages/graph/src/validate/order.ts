import type { GraphError } from '../errors.ts'
import type { ValueId } from '../graph.ts'
import { wrong } from './fields.ts'

/** What the order of nodes depends on. */
export interface Wiring {
  readonly inputs: readonly ValueId[]
  readonly results: readonly ValueId[]
}

/** How many nodes of a cycle a message names. */
const named = 8

/**
 * The error for node `late`, which reads a value before the node that computes it: a cycle if there is one through
 * it, else an order that is not topological. `part` names a node.
 */
export function orderError(
  nodes: readonly Wiring[],
  late: number,
  value: ValueId,
  part: (node: number) => string,
): GraphError {
  const producer = new Map(nodes.flatMap((node, i) => node.results.map(id => [id, i] as const)))
  const cycle = cycleThrough(nodes, late, producer)
  if (cycle === undefined)
    return wrong(part(late), `reads %${value} before ${part(producer.get(value) ?? 0)} computes it`, {
      hint: 'Nodes stand in topological order.',
    })
  const path = [...cycle.slice(0, named), ...(cycle.length > named ? [undefined] : []), cycle[0]]
  const text = path.map(i => (i === undefined ? '…' : part(i))).join(' ← ')
  return wrong(part(late), `its result depends on itself: ${text}`, { hint: 'A graph has no cycles.' })
}

/** Nodes, each reading a result of the next, the last of the first; undefined where there is none. */
function cycleThrough(
  nodes: readonly Wiring[],
  start: number,
  producer: ReadonlyMap<ValueId, number>,
): number[] | undefined {
  const reader = new Map<number, number>()
  const open = [start]
  for (let i = open.pop(); i !== undefined; i = open.pop())
    for (const id of nodes[i]?.inputs ?? []) {
      const from = producer.get(id)
      if (from === start) return chain(reader, start, i)
      if (from === undefined || reader.has(from)) continue
      reader.set(from, i)
      open.push(from)
    }
  return undefined
}

/** The nodes from `start` to `end`, along who reads whom. */
function chain(reader: ReadonlyMap<number, number>, start: number, end: number): number[] {
  const list = [end]
  for (let i = end; i !== start; ) {
    i = reader.get(i) as number
    list.push(i)
  }
  return list.reverse()
}
