import {
  evaluate,
  type Graph,
  type Traceable,
  type Tree,
  type Type,
  type TypedArray,
  trace,
} from '@stint/graph'

type Arrays = { readonly [name: string]: TypedArray }

/** Traces a function and gives a step that evaluates it, carrying its state along. */
export function runner(fn: Traceable, inputs: readonly Tree<Type>[], state: Arrays): Runner {
  const { graph } = trace(fn, inputs)
  return new Runner(graph, Object.fromEntries(graph.state.map(s => [s.path, state[s.path]!])))
}

export class Runner {
  readonly graph: Graph
  state: Arrays

  constructor(graph: Graph, state: Arrays) {
    this.graph = graph
    this.state = state
  }

  step(...inputs: readonly TypedArray[]): { [name: string]: TypedArray } {
    const found = evaluate(this.graph, {
      inputs: Object.fromEntries(inputs.map((x, i) => [i, x])),
      state: this.state,
    })
    this.state = found.state
    return found.outputs
  }
}

/** Numbers in [−1, 1) that look random. */
export function numbers(count: number, seed = 1): Float32Array {
  let s = seed >>> 0
  return Float32Array.from({ length: count }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return s / 2147483648 - 1
  })
}

export function mean(x: Iterable<number>): number {
  const all = [...x]
  return all.reduce((a, b) => a + b, 0) / all.length
}
