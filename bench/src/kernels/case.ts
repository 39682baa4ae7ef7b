import { f32, type Graph, type Shape, setState, sizeOf, state, trace, type Value } from '@stint/graph'
import { uniform } from '../workloads/hash.ts'

/** What one run of a case does: FLOP, or bytes read and written. */
type Work = { readonly flop: number } | { readonly bytes: number } | undefined

/** A program of one kernel, or of one kernel several times over. Its operands are state: nothing is fed or read back. */
export interface Case {
  readonly name: string
  readonly about: string
  readonly graph: () => Graph
  /** First values of every state of the graph. */
  readonly state: (graph: Graph) => { readonly [path: string]: Float32Array }
  readonly work: Work
  /** How often the kernel runs in one run of the program: small ones are measured in bulk. */
  readonly repeat: number
  /** What is printed with the result. */
  readonly details: { readonly [name: string]: number | string }
}

export interface Operand {
  readonly path: string
  readonly shape: Shape
  readonly scale?: number
}

/** A case from a function of its operands; each of its results becomes a state of its own. */
export function caseOf(
  spec: Omit<Case, 'graph' | 'state' | 'repeat'> & {
    readonly operands: readonly Operand[]
    readonly body: (...operands: Value[]) => readonly Value[]
    readonly repeat?: number
  },
): Case {
  const { operands, body, repeat = 1, ...rest } = spec
  const program = (): undefined => {
    for (const [i, value] of body(...operands.map(o => state(o.path, f32(...o.shape)))).entries()) {
      state(`result${i}`, value.type)
      setState(`result${i}`, value)
    }
  }
  return {
    ...rest,
    repeat,
    graph: () => trace(program, [], { name: 'kernel' }).graph,
    state: graph =>
      Object.fromEntries(
        graph.state.map(({ path, value }) => {
          const size = sizeOf(graph.values[value]!.shape)
          const i = operands.findIndex(o => o.path === path)
          return [path, i < 0 ? new Float32Array(size) : uniform(size, i + 1, operands[i]!.scale)]
        }),
      ),
  }
}
