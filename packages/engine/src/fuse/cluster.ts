import { type Graph, opDef, type Shape, sameShape, type ValueId } from '@stint/graph'
import { type LocalId, type LocalNode, type Region, regionOf } from '../kernel/kernel.ts'
import { lower, Unfusable } from '../kernel/lower.ts'
import type { Uses } from './uses.ts'
import { type View, viewOf } from './views.ts'

/** Roots that one kernel computes together, with the light values that they need. */
export interface Cluster {
  /** Increasing. */
  readonly roots: readonly ValueId[]
  readonly kind: 'map' | 'reduce' | 'anchor'
  /** Domain of the loops: the results of a map, the input of the reductions, the result of the anchor. */
  readonly domain: Shape
  /** Reduced axes. */
  readonly axes: readonly number[]
}

/** The cluster of one root alone. */
export function clusterOf(uses: Uses, root: ValueId): Cluster {
  const node = uses.producerOf(root)!
  const { kind } = opDef(node.op)
  const shape = uses.graph.values[root]!.shape
  if (kind === 'anchor') return { roots: [...node.results], kind: 'anchor', domain: shape, axes: [] }
  if (kind !== 'reduction') return { roots: [root], kind: 'map', domain: shape, axes: [] }
  const domain = uses.graph.values[node.inputs[0]!]!.shape
  return { roots: [root], kind: 'reduce', domain, axes: (node.attrs as { axes: readonly number[] }).axes }
}

/** A cluster as a region to run, and the graph values behind its operands and results. */
export interface Fused {
  readonly region: Region
  /** The values behind the operands: stored, or slices of stored ones. */
  readonly operands: readonly ValueId[]
  /** The stored value that each operand lies in, and how many bytes from its start. */
  readonly reads: readonly ValueId[]
  readonly offsets: readonly number[]
  readonly writes: readonly ValueId[]
  /** Graph nodes in the kernel. */
  readonly nodes: readonly number[]
}

/**
 * Builds the kernel of a cluster that exports `results`. `isStored` tells the values that are read from memory; the
 * cluster's own roots never are. Nodes stand in the order in which the results need them, so that equal layers give
 * equal kernels wherever they stand in the graph.
 */
export function fuse(
  uses: Uses,
  cluster: Cluster,
  results: readonly ValueId[],
  isStored: (v: ValueId) => boolean,
): Fused {
  const own = new Set(cluster.roots)
  const isRead = (v: ValueId): boolean => uses.producer[v]! < 0 || (isStored(v) && !own.has(v))
  const operands: ValueId[] = []
  const places: View[] = []
  const order: number[] = []
  const ordered = new Set<number>()
  const seen = new Set<ValueId>()
  const visit = (v: ValueId): void => {
    if (seen.has(v)) return
    seen.add(v)
    const producer = uses.producer[v]!
    const place = isRead(v) ? { value: v, offset: 0 } : own.has(v) ? undefined : viewOf(uses, v, isRead)
    if (place !== undefined) {
      operands.push(v)
      places.push(place)
      return
    }
    if (ordered.has(producer)) return
    const node = uses.node(producer)
    for (const input of node.inputs) visit(input)
    if (ordered.has(producer)) return
    ordered.add(producer)
    order.push(producer)
  }
  for (const v of results) visit(v)
  return {
    region: assemble(uses.graph, operands, order, results),
    operands,
    reads: places.map(p => p.value),
    offsets: places.map(p => p.offset),
    writes: results,
    nodes: order,
  }
}

function assemble(
  graph: Graph,
  operands: readonly ValueId[],
  order: readonly number[],
  results: readonly ValueId[],
): Region {
  const local = new Map<ValueId, LocalId>(operands.map((v, i) => [v, i]))
  let next = operands.length
  const body = order.map((index): LocalNode => {
    const { op, attrs, inputs, results: made } = graph.nodes[index]!
    const node = { op, attrs, inputs: inputs.map(v => local.get(v)!), types: made.map(v => graph.values[v]!) }
    for (const v of made) local.set(v, next++)
    return node
  })
  return regionOf(
    operands.map(v => graph.values[v]!),
    body,
    results.map(v => local.get(v)!),
  )
}

/** The graph value behind a local id of the kernel of a cluster. */
function graphValue(uses: Uses, fused: Fused, local: LocalId): ValueId {
  if (local < fused.operands.length) return fused.operands[local]!
  let next = fused.operands.length
  for (const index of fused.nodes) for (const v of uses.node(index).results) if (next++ === local) return v
  throw new RangeError(`no local value ${local}`)
}

/** The graph value that keeps a region from running at once, or undefined if nothing does. */
export function obstacle(uses: Uses, fused: Fused): ValueId | undefined {
  try {
    lower(fused.region)
    return undefined
  } catch (error) {
    if (!(error instanceof Unfusable)) throw error
    return graphValue(uses, fused, error.local)
  }
}

/** True if one root alone can run at once for sure: only a reshape can make an index map that is not affine. */
export function isPlain(uses: Uses, fused: Fused): boolean {
  return fused.nodes.every(index => uses.node(index).op !== 'reshape')
}

/** What two clusters become as one, or null where their loops do not fit. `a` comes before `b`. */
export function union(a: Cluster, b: Cluster, size: (shape: Shape) => number): Cluster | null {
  const roots = [...a.roots, ...b.roots].sort((x, y) => x - y)
  if (a.kind === 'map' && b.kind === 'map')
    return size(a.domain) === size(b.domain) ? { roots, kind: 'map', domain: a.domain, axes: [] } : null
  if (a.kind === 'anchor' && b.kind === 'map')
    return size(a.domain) === size(b.domain) ? { ...a, roots } : null
  if (a.kind === 'reduce' && b.kind === 'reduce')
    return sameShape(a.domain, b.domain) && sameShape(a.axes, b.axes) ? { ...a, roots } : null
  if (a.kind === 'reduce' && b.kind === 'map') {
    const kept = a.domain.filter((_, i) => !a.axes.includes(i))
    return sameShape(a.domain, b.domain) || size(kept) === size(b.domain) ? { ...a, roots } : null
  }
  return null
}
