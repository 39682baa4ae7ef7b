import { type Builder, emit, isFloat, type Node, opDef, type Value, type ValueId, within } from '@stint/graph'
import { contextOf } from './context.ts'

/**
 * The forward sweep (Wengert 1964): each node turns the tangents of its inputs into those of its results, beside the
 * values. A tangent that is zero is never formed (null). Covers `nodes`, all of the builder's unless given, and
 * appends its own to the builder.
 */
export function forward(
  builder: Builder,
  inputs: readonly Value[],
  tangents: readonly Value[],
  outputs: readonly Value[],
  nodes: readonly Node[] = builder.nodes.slice(),
): (Value | null)[] {
  const known = new Map<ValueId, Value>()
  for (const [i, v] of inputs.entries()) if (isFloat(v.dtype)) known.set(builder.use(v), tangents[i] as Value)
  return within(builder, () => {
    for (const node of nodes) {
      if (!node.inputs.some(id => known.has(id))) continue
      const site = node.site && { ...node.site, derivative: true }
      builder.withSite(site, () => {
        for (const [i, tangent] of pushForward(builder, node, known).entries())
          if (tangent !== null && isFloat(tangent.dtype)) known.set(node.results[i] as ValueId, tangent)
      })
    }
    return outputs.map(v => known.get(builder.use(v)) ?? null)
  })
}

/** Tangents of the results of one node. */
function pushForward(
  builder: Builder,
  node: Node,
  known: ReadonlyMap<ValueId, Value>,
): readonly (Value | null)[] {
  const { derivative } = opDef(node.op)
  const at = contextOf(builder, node)
  const tangents = node.inputs.map(id => known.get(id) ?? null)
  if (derivative.kind === 'none') return []
  if (derivative.kind === 'rule') return derivative.jvp(tangents, at)
  const parts = tangents.map((t, i) => {
    if (t === null) return null
    if (derivative.kind === 'elementwise') return derivative.partials[i]?.(t, at) ?? null
    if (derivative.operands !== 'all' && !derivative.operands.includes(i)) return null
    return emit(node.op, node.attrs, ...at.inputs.map((x, j) => (j === i ? t : x)))
  })
  return [parts.reduce((sum, part) => (sum === null ? part : part === null ? sum : sum.add(part)), null)]
}
