import { f32, type Graph, setState, state, trace, type Value } from '@stint/graph'

/**
 * A training step in small: a chain of `depth` products with kept weights, walked back by hand, and updates of the
 * weights with momentum. Every activation is needed again, so that a budget bites.
 */
export function chainStep(depth: number, rows = 32, width = 8): Graph {
  const step = (x: Value) => {
    const weights = Array.from({ length: depth }, (_, i) => state(`w${i}`, f32(width, width), 'parameter'))
    const moments = Array.from({ length: depth }, (_, i) => state(`m${i}`, f32(width, width), 'optimizer'))
    const kept: Value[] = [x]
    for (const w of weights) kept.push(kept[kept.length - 1]!.matmul(w).tanh())
    const last = kept[depth]!
    const loss = last.square().mean()
    let ct = last.mul(2 / (rows * width))
    for (let i = depth - 1; i >= 0; i--) {
      const y = kept[i + 1]!
      const dz = ct.mul(y.square().neg().add(1))
      const dw = kept[i]!.transpose().matmul(dz)
      ct = dz.matmul(weights[i]!.transpose())
      const moment = moments[i]!.mul(0.9).add(dw)
      setState(`m${i}`, moment)
      setState(`w${i}`, weights[i]!.sub(moment.mul(0.5)))
    }
    const count = state('count', f32(), 'statistic')
    setState('count', count.add(1))
    return { loss }
  }
  return trace(step, [f32(rows, width)], { name: 'chain', names: ['x'] }).graph
}

/** Numbers in (−1, 1) that look random. */
export function numbers(count: number, seed = 1): Float32Array {
  let s = seed >>> 0
  return Float32Array.from({ length: count }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return s / 2147483648 - 1
  })
}

/** A first state for a graph of f32 states, not all zeros. */
export function someState(graph: Graph): { [path: string]: Float32Array } {
  return Object.fromEntries(
    graph.state.map(({ path, value }, i) => {
      const size = graph.values[value]!.shape.reduce((n, d) => n * d, 1)
      return [path, numbers(size, 100 + i).map(x => x * 0.7)]
    }),
  )
}
