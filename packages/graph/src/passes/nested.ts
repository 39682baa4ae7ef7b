import type { Attr, Attrs, Graph } from '../graph.ts'

const lists = ['values', 'inputs', 'state', 'constants', 'outputs', 'nodes'] as const

/** Whether an attribute is a graph: the body of a loop or of a branch. */
export function isGraph(attr: unknown): attr is Graph {
  if (typeof attr !== 'object' || attr === null || Array.isArray(attr)) return false
  return lists.every(name => Array.isArray((attr as { readonly [key: string]: unknown })[name]))
}

/** Attributes that hold no graph, nearly all: passes hand the same objects on, and need not search them again. */
const plain = new WeakSet<Attrs>()

/** The attributes with every graph in them replaced; the same object where nothing changes. */
export function mapGraphs(attrs: Attrs, map: (graph: Graph) => Graph): Attrs {
  if (plain.has(attrs)) return attrs
  let found = false
  const mapped = mapAttr(attrs, graph => {
    found = true
    return map(graph)
  }) as Attrs
  if (!found) plain.add(attrs)
  return mapped
}

function mapAttr(attr: Attr, map: (graph: Graph) => Graph): Attr {
  if (typeof attr !== 'object' || attr === null) return attr
  if (isGraph(attr)) return map(attr)
  if (Array.isArray(attr)) {
    const list = attr.map(x => mapAttr(x, map))
    return list.some((x, i) => x !== attr[i]) ? list : attr
  }
  const entries = Object.entries(attr).map(([key, x]) => [key, mapAttr(x, map), x] as const)
  return entries.some(([, mapped, x]) => mapped !== x) ? Object.fromEntries(entries) : attr
}
