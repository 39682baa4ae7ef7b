import { isWithin, type Node, opDef, sizeOf, type ValueId } from '@stint/graph'
import type { Uses } from './uses.ts'

/**
 * Chooses the values that kernels are built for. The others are recomputed inside every kernel that reads them:
 *
 * - results of reductions and anchors are roots;
 * - so is what a single-use chain of elementwise work makes of one of them (bias, residual sum, activation): storing
 *   the end of the chain lets the start stay inside the kernel. Of a sum of several, each is added to those before it.
 *   Not so after an anchor whose result is far smaller than what it reads (a weight gradient): fused with the update
 *   that follows, it would hold its operands until the update may run;
 * - so is a light value with several readers that needs stored values of twice its own size: recomputing it would keep
 *   all of them alive where one would do. With about one such source (a normalized activation) that is kept instead;
 * - so is a costly one with several readers (the exponentials of a softmax) that alone reads a stored value of its size,
 *   besides what it needs itself: it takes that one's place;
 * - so is what many pieces are joined to, each piece, and what many slices are taken of;
 * - so is what an anchor must find stored;
 * - so is what the user asks to be kept, what a `checkpoint` region results in, and what it reads where that would
 *   otherwise be computed from more than its own size.
 */
export function chooseRoots(uses: Uses, forced: ReadonlySet<ValueId>): Set<ValueId> {
  const { graph } = uses
  const latest = latestHeavy(uses)
  const asked = [...forced, ...uses.required, ...hinted(uses), ...carried(uses)]
  const roots = new Set<ValueId>(asked.filter(v => uses.producer[v]! >= 0))
  for (const node of graph.nodes) {
    const { kind, prologue } = opDef(node.op)
    if (kind !== 'anchor' && kind !== 'reduction') continue
    for (const v of node.results) {
      roots.add(v)
      if (kind === 'reduction' || !contracts(uses, node)) roots.add(chainEnd(uses, v, roots, latest))
    }
    for (const [i, v] of node.inputs.entries()) if (prologue?.[i] === false && uses.isLight(v)) roots.add(v)
  }
  for (const node of graph.nodes) if (node.op === 'concat') addPieces(uses, node, roots)
  addSliced(uses, roots)
  const sources: (ReadonlySet<ValueId> | undefined)[] = []
  for (const node of graph.nodes)
    for (const v of node.results) {
      if (!uses.isLight(v)) continue
      const stored = new Set<ValueId>()
      for (const input of node.inputs)
        for (const s of uses.isLight(input) && !roots.has(input) ? sources[input]! : [input]) stored.add(s)
      sources[v] = stored
      if (roots.has(v)) continue
      const enters = uses.consumers[v]!.some(i => isInput(uses, v, uses.node(i)))
      if (!enters && uses.consumers[v]!.length < 2) continue
      const held = enters ? [...stored].filter(s => !uses.kept.has(s)) : [...stored]
      const total = held.reduce((n, s) => n + Math.min(uses.size(s), uses.size(v)), 0)
      const kept = enters ? total > uses.size(v) : total >= 2 * uses.size(v)
      if (kept || replaces(uses, node, v, stored)) roots.add(v)
    }
  return roots
}

/** True if `v` is costly to compute again, and a stored value of its size could be forgotten if `v` were kept. */
function replaces(uses: Uses, node: Node, v: ValueId, sources: ReadonlySet<ValueId>): boolean {
  return isCostly(uses, node) && [...sources].some(s => serves(uses, s, v, sources))
}

/** True if `s`, of the size of `v`, is read for nothing but `v` and what `v` reads besides: its `sources`. */
function serves(uses: Uses, s: ValueId, v: ValueId, sources: ReadonlySet<ValueId>): boolean {
  if (uses.producer[s]! < 0 || uses.size(s) !== uses.size(v)) return false
  const seen = new Set<ValueId>()
  const leads = (r: ValueId): boolean => {
    if (r === v || (r !== s && sources.has(r)) || seen.has(r)) return true
    seen.add(r)
    // Values are numbered in topological order: nothing from `v` on is needed for it.
    if (r > v || uses.required.has(r)) return false
    return uses.consumers[r]!.every(index => uses.node(index).results.every(leads))
  }
  return leads(s)
}

/** FLOP an element from which on an elementwise op is better read than computed again. */
const costly = 8

function isCostly({ graph }: Uses, { op, attrs, inputs, results }: Node): boolean {
  const def = opDef(op)
  if (def.kind !== 'elementwise') return false
  const types = (ids: readonly ValueId[]) => ids.map(v => graph.values[v]!)
  return def.flops(types(inputs), types(results), attrs) >= costly * sizeOf(graph.values[results[0]!]!.shape)
}

/** What the user asks to be stored: values to keep, and results of regions. */
function hinted({ graph }: Uses): ValueId[] {
  return graph.nodes.flatMap(({ results, hints }) =>
    hints?.keep === true || hints?.result !== undefined ? results : [],
  )
}

/** What a slice of the batch hands on to another, or to what follows all of them. */
function carried(uses: Uses): ValueId[] {
  return uses.graph.nodes.flatMap(({ results, hints }) =>
    hints?.slice === undefined
      ? []
      : results.filter(v => uses.consumers[v]!.some(i => uses.node(i).hints?.slice !== hints.slice)),
  )
}

/** True if a node of a region reads `v` from outside it: until the region is computed again, `v` or its sources are kept. */
function isInput(uses: Uses, v: ValueId, { hints }: Node): boolean {
  return hints?.region !== undefined && !isWithin(uses.hints(v).region, hints.region)
}

/** True if a node makes little of much that could be freed after it: what is kept between runs does not count. */
export function contracts(uses: Uses, node: Node): boolean {
  const most = Math.max(0, ...node.inputs.filter(v => !isKept(uses, v)).map(v => uses.size(v)))
  return node.results.every(v => 4 * uses.size(v) <= most)
}

/** True for state and constants, also read in another order. */
function isKept(uses: Uses, v: ValueId): boolean {
  const node = uses.producerOf(v)
  if (node === undefined) return uses.kept.has(v)
  return node.inputs.length === 1 && opDef(node.op).kind === 'movement' && isKept(uses, node.inputs[0]!)
}

/**
 * Follows `v` through nodes that alone read it, elementwise and of its size, to the value where readers part, or to
 * where it waits for something heavy that comes later: of a sum of products, each is added to those before it.
 */
function chainEnd(uses: Uses, v: ValueId, roots: ReadonlySet<ValueId>, latest: Int32Array): ValueId {
  let end = v
  for (;;) {
    const readers = uses.consumers[end]!
    if (readers.length !== 1 || uses.required.has(end)) return end
    const node = uses.node(readers[0]!)
    const [next] = node.results as [ValueId]
    if (!uses.together(v, next)) return end
    const fits =
      (opDef(node.op).kind === 'elementwise' || node.op === 'reshape') && uses.size(next) === uses.size(v)
    if (!fits || roots.has(next) || latest[next]! > latest[v]!) return end
    end = next
  }
}

/** For each value the last anchor or reduction that it needs: the index of that node, −1 for none. */
function latestHeavy(uses: Uses): Int32Array {
  const latest = new Int32Array(uses.graph.values.length).fill(-1)
  for (const [index, { inputs, results }] of uses.graph.nodes.entries()) {
    const own = results.some(v => uses.isLight(v))
      ? inputs.reduce((n, v) => Math.max(n, latest[v]!), -1)
      : index
    for (const v of results) latest[v] = own
  }
  return latest
}

/** As many pieces or slices of one value as make it better stored than computed piece by piece. */
const many = 8

/** What many pieces make, and each piece: inside a reader, every element would choose among all of them. */
function addPieces(uses: Uses, { inputs, results }: Node, roots: Set<ValueId>): void {
  if (inputs.length < many) return
  roots.add(results[0]!)
  for (const v of inputs) addLight(uses, unshaped(uses, v), roots)
}

/**
 * What many slices are taken of, where they are views of it if it is stored: the steps of a sequence. Not what is
 * computed of the index alone, of which a slice costs no more than a part.
 */
function addSliced(uses: Uses, roots: Set<ValueId>): void {
  for (const v of uses.graph.values.keys()) {
    if (uses.consumers[v]!.length < many || roots.has(v) || !uses.isLight(v)) continue
    const slices = uses.consumers[v]!.filter(i => uses.node(i).op === 'slice')
    const from = unshaped(uses, v)
    const isGenerated = opDef(uses.producerOf(from)?.op ?? 'slice').kind === 'generator'
    if (slices.length >= many && !isGenerated) addLight(uses, from, roots)
  }
}

function addLight(uses: Uses, v: ValueId, roots: Set<ValueId>): void {
  if (uses.isLight(v)) roots.add(v)
}

/** What `v` is a reshape of, if it is one. */
function unshaped(uses: Uses, v: ValueId): ValueId {
  let at = v
  for (let node = uses.producerOf(at); node?.op === 'reshape'; node = uses.producerOf(at))
    at = node.inputs[0]!
  return at
}
