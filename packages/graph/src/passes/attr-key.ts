import type { Attr, Graph } from '../graph.ts'
import { isGraph } from './nested.ts'

const ids = new WeakMap<Graph, number>()
let last = 0

/** A text that is equal exactly where attributes are, −0 and 0 told apart; a graph equals itself alone. */
export function attrKey(attr: Attr): string {
  if (typeof attr === 'number') return Object.is(attr, -0) ? '-0' : String(attr)
  if (typeof attr !== 'object' || attr === null) return JSON.stringify(attr) ?? ''
  if (Array.isArray(attr)) return `[${attr.map(attrKey).join()}]`
  if (isGraph(attr)) return graphKey(attr)
  const entries = Object.entries(attr).map(([key, x]) => `${JSON.stringify(key)}:${attrKey(x)}`)
  return `{${entries.sort().join()}}`
}

function graphKey(graph: Graph): string {
  let id = ids.get(graph)
  if (id === undefined) {
    id = ++last
    ids.set(graph, id)
  }
  return `graph ${id}`
}
