import { type Builder, isFloat, type Node, opDef, type Value, type ValueId, within } from '@stint/graph'
import { contextOf } from './context.ts'
import { Sums } from './sums.ts'

/**
 * The reverse sweep (Linnainmaa 1970; Speelpenning 1980): from the last node to the first, each node turns the
 * cotangents of its results into products for its inputs, which are accumulated value by value. Every edge's product is
 * formed once, so the cost is proportional to the number of edges. Only values that depend on `inputs` and lead to an
 * output are visited; a cotangent that is zero is never formed (null).
 *
 * The sweep covers `nodes`, all of the builder's unless given, and appends its own to the builder; they carry the site
 * of the node that they derive from.
 */
export function reverse(
  builder: Builder,
  inputs: readonly Value[],
  outputs: readonly Value[],
  cotangents: readonly (Value | null)[],
  nodes: readonly Node[] = builder.nodes.slice(),
): (Value | null)[] {
  const varied = dependents(nodes, inputs)
  const sums = new Sums(builder)
  return within(builder, () => {
    for (const [i, output] of outputs.entries()) {
      const ct = cotangents[i]
      if (ct !== null && ct !== undefined) sums.add(builder.use(output), ct)
    }
    for (const node of nodes.toReversed()) {
      if (!node.results.some(id => varied.has(id) && sums.has(id))) continue
      const site = node.site && { ...node.site, derivative: true }
      builder.withSite(site, () => pullBack(builder, node, varied, sums))
    }
    return inputs.map(v => sums.get(builder.use(v)) ?? null)
  })
}

/** Values that change with `inputs` through nodes that have a derivative. */
function dependents(nodes: readonly Node[], inputs: readonly Value[]): Set<ValueId> {
  const varied = new Set(inputs.map(v => v.id))
  for (const node of nodes) {
    if (opDef(node.op).derivative.kind === 'none') continue
    if (node.inputs.some(id => varied.has(id))) for (const id of node.results) varied.add(id)
  }
  return varied
}

/** Adds the products of one node to the cotangents of its inputs. */
function pullBack(builder: Builder, node: Node, varied: ReadonlySet<ValueId>, sums: Sums): void {
  const { derivative } = opDef(node.op)
  const at = contextOf(builder, node)
  const wants = (i: number): boolean => {
    const id = node.inputs[i] as ValueId
    return varied.has(id) && isFloat((builder.values[id] as { dtype: 'f32' }).dtype)
  }
  const give = (i: number, product: Value | null | undefined): void => {
    if (product !== null && product !== undefined) sums.add(node.inputs[i] as ValueId, product)
  }
  if (derivative.kind === 'rule') {
    const products = derivative.vjp(
      node.results.map(id => sums.get(id) ?? null),
      at,
    )
    for (const i of node.inputs.keys()) if (wants(i)) give(i, products[i])
    return
  }
  const ct = sums.get(node.results[0] as ValueId)
  if (ct === undefined || derivative.kind === 'none') return
  if (node.op === 'slice' && (node.attrs.step as readonly number[]).every(n => n === 1)) {
    const site = node.site && { ...node.site, derivative: true }
    if (wants(0)) sums.addPiece(node.inputs[0] as ValueId, node.attrs.start as readonly number[], ct, site)
    return
  }
  for (const i of node.inputs.keys()) {
    if (!wants(i)) continue
    if (derivative.kind === 'elementwise') give(i, derivative.partials[i]?.(ct, at))
    else if (derivative.operands === 'all' || derivative.operands.includes(i))
      give(i, derivative.transpose(ct, i, at))
  }
}
