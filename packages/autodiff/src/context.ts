import type { Builder, Node, RuleContext, Value } from '@stint/graph'

/** What the derivative rule of a node may read. */
export function contextOf(builder: Builder, node: Node): RuleContext {
  const results = node.results.map(id => builder.value(id))
  return {
    inputs: node.inputs.map(id => builder.value(id)),
    results,
    result: results[0] as Value,
    attrs: node.attrs,
  }
}
