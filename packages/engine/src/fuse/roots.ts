import { type Node, opDef, type ValueId } from '@stint/graph'
import type { Uses } from './uses.ts'

/**
 * Chooses the values that kernels are built for. The others are recomputed inside every kernel that reads them:
 *
 * - results of reductions and anchors are roots;
 * - so is what a single-use chain of elementwise work makes of one of them (bias, residual sum, activation): storing
 *   the end of the chain lets the start stay inside the kernel. Not so after an anchor whose result is far smaller than
 *   what it reads (a weight gradient): fused with the update that follows, it would hold its operands until the update
 *   may run;
 * - so is a light value with several readers that needs two or more stored values of its own size: recomputing it
 *   would keep both alive where one would do. With one such source (a normalized activation) the source is kept instead;
 * - so is what an anchor must find stored.
 */
export function chooseRoots(uses: Uses, forced: ReadonlySet<ValueId>): Set<ValueId> {
  const { graph } = uses
  const roots = new Set<ValueId>([...forced, ...uses.required].filter(v => uses.producer[v]! >= 0))
  for (const node of graph.nodes) {
    const { kind, prologue } = opDef(node.op)
    if (kind !== 'anchor' && kind !== 'reduction') continue
    for (const v of node.results) {
      roots.add(v)
      if (kind === 'reduction' || !contracts(uses, node)) roots.add(chainEnd(uses, v, roots))
    }
    for (const [i, v] of node.inputs.entries()) if (prologue?.[i] === false && uses.isLight(v)) roots.add(v)
  }
  const sources: (ReadonlySet<ValueId> | undefined)[] = []
  for (const node of graph.nodes)
    for (const v of node.results) {
      if (!uses.isLight(v)) continue
      const stored = new Set<ValueId>()
      for (const input of node.inputs)
        for (const s of uses.isLight(input) && !roots.has(input) ? sources[input]! : [input]) stored.add(s)
      sources[v] = stored
      if (roots.has(v) || uses.consumers[v]!.length < 2) continue
      const big = [...stored].filter(s => 2 * uses.size(s) >= uses.size(v))
      if (big.length >= 2) roots.add(v)
    }
  return roots
}

/** True if a node makes little of much. */
export function contracts(uses: Uses, node: Node): boolean {
  const most = Math.max(...node.inputs.map(v => uses.size(v)))
  return node.results.every(v => 4 * uses.size(v) <= most)
}

/** Follows `v` through nodes that alone read it, elementwise and of its size, to the value where readers part. */
function chainEnd(uses: Uses, v: ValueId, roots: ReadonlySet<ValueId>): ValueId {
  let end = v
  for (;;) {
    const readers = uses.consumers[end]!
    if (readers.length !== 1 || uses.required.has(end)) return end
    const node = uses.node(readers[0]!)
    const [next] = node.results as [ValueId]
    const fits =
      (opDef(node.op).kind === 'elementwise' || node.op === 'reshape') && uses.size(next) === uses.size(v)
    if (!fits || roots.has(next)) return end
    end = next
  }
}
