import { type Backend, openSession } from '@stint/engine'
import { evaluate, type Graph, StintError, type TypedArray } from '@stint/graph'

/** Numbers by name (inputs, outputs) or path (state). */
export type Arrays = { readonly [name: string]: TypedArray }

export type FloatType = 'f32' | 'f64'

/** One graph, ready to run; its state is kept between runs. */
export interface Machine {
  run(inputs: Arrays): Promise<Arrays>
  readState(path: string): Promise<TypedArray>
  writeState(arrays: Arrays): Promise<void>
  close(): Promise<void>
}

/** What runs the cases. */
export interface Executor {
  readonly name: string
  /** Every case runs once in each. */
  readonly dtypes: readonly FloatType[]
  open(graph: Graph): Promise<Machine>
}

/** The plain evaluator of `@stint/graph`, in both precisions. */
export function reference(): Executor {
  return {
    name: 'reference',
    dtypes: ['f64', 'f32'],
    async open(graph) {
      let state: Arrays = {}
      return {
        async run(inputs) {
          const done = evaluate(graph, { inputs, state })
          state = done.state
          return done.outputs
        },
        async readState(path) {
          const found = state[path]
          if (found === undefined) throw new StintError('FEED', `there is no state '${path}'`)
          return found
        },
        async writeState(arrays) {
          state = { ...state, ...arrays }
        },
        async close() {},
      }
    },
  }
}

/** A backend, through the engine: compiled, planned without a limit, run in one arena. */
export function throughEngine(backend: Backend, dtypes: readonly FloatType[] = ['f32', 'f64']): Executor {
  return {
    name: backend.name,
    dtypes,
    async open(graph) {
      const session = await openSession({ programs: { case: graph }, backend })
      return {
        run: inputs => session.run('case', inputs),
        readState: path => session.readState(path),
        writeState: arrays => session.writeState(arrays),
        close: () => session.close(),
      }
    },
  }
}
