import { hash } from '../../workloads/hash.ts'
import type { GraphFile } from './tape.ts'

export interface LayeredSize {
  readonly layers: number
  /** Tasks in a layer. */
  readonly width: number
  readonly seed: number
}

/** How many layers back a task reads, at most; inputs of a task, at most. */
const reach = 4
const fan = 4

/** Random tasks in layers, with a sink that reads the last layer: nothing like training. Costs 1 to 89, bytes 1 to 64 KiB. */
export function layered(name: string, { layers, width, seed }: LayeredSize): GraphFile {
  const nodes: GraphFile['nodes'][number][] = []
  let drawn = 0
  const below = (n: number): number => hash(drawn++, seed) % n
  for (let layer = 0; layer < layers; layer++)
    for (let i = 0; i < width; i++) {
      const first = Math.max(0, layer - reach) * width
      const inputs = new Set<number>()
      if (layer > 0) for (let k = 1 + below(fan); k > 0; k--) inputs.add(first + below(layer * width - first))
      nodes.push({
        id: nodes.length,
        name: `l${layer}_${i}`,
        // Small ones are the more frequent.
        cost: 1 + below(1 + below(89)),
        bytes: 1024 * (1 + below(64)),
        inputs: [...inputs].sort((a, b) => a - b),
        kind: 'fwd',
      })
    }
  const sink = nodes.length
  const last = Array.from({ length: width }, (_, i) => sink - width + i)
  nodes.push({ id: sink, name: 'sink', cost: 1, bytes: 1024, inputs: last, kind: 'fwd' })
  const source = `random layered DAG, ${layers} layers of ${width}, seed ${seed}; no training structure`
  return { name, source, nodes, outputs: [sink], pinned: [] }
}
