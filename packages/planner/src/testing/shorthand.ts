import type { Shorthand, ShorthandStep } from '../dag/parse.ts'

/** Peak and cost of a schedule by the rules of the shorthand: live bytes, nothing in place. Throws where a step breaks them. */
export function replayShorthand(
  graph: unknown,
  steps: readonly ShorthandStep[],
): { peak: number; cost: number } {
  const { nodes, pinned = [], outputs } = graph as Shorthand
  const live = new Set(pinned)
  let bytes = pinned.reduce((n, v) => n + nodes[v]!.bytes, 0)
  let [peak, cost] = [bytes, 0]
  for (const [i, step] of steps.entries()) {
    const v = 'compute' in step ? step.compute : step.free
    const here = live.has(v)
    if (pinned.includes(v) || here === 'compute' in step) throw new Error(`step ${i}: node ${v}`)
    if ('compute' in step) {
      const missing = nodes[v]!.inputs.find(u => !live.has(u))
      if (missing !== undefined) throw new Error(`step ${i}: ${v} reads ${missing}`)
      live.add(v)
      bytes += nodes[v]!.bytes
      cost += nodes[v]!.cost
      peak = Math.max(peak, bytes)
    } else {
      live.delete(v)
      bytes -= nodes[v]!.bytes
    }
  }
  for (const v of outputs) if (!live.has(v)) throw new Error(`output ${v} is missing`)
  return { peak, cost }
}
