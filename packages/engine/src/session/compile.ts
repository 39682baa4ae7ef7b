import {
  eachLeaf,
  isType,
  mapTree,
  type Traceable,
  type Tree,
  type Type,
  type TypedArray,
  trace,
} from '@stint/graph'
import type { Backend, Target } from '../backend.ts'
import { FeedError } from './errors.ts'
import type { Memory } from './memory.ts'
import type { Microbatches } from './microbatches.ts'
import type { PlanOptions } from './planned.ts'
import type { PlanReport } from './report.ts'
import { openSession, type Session } from './session.ts'

export interface CompileOptions extends PlanOptions {
  /** Types of the arguments, nested as the function takes them. */
  readonly inputs: readonly Tree<Type>[]
  readonly backend: Backend
  readonly memory?: Memory
  readonly target?: Target
  /**
   * Cuts the batch into as many slices, one after the other: `4`, or `{ count: 4, inputs: ['1', '2'] }` with the
   * arguments that hold examples. Throws MicrobatchError where they are uneven, or examples depend on each other.
   */
  readonly microbatches?: Microbatches
  readonly finiteInputs?: boolean
  readonly fusion?: boolean
  readonly simplify?: boolean
}

/** A compiled function: call it with arrays nested like its arguments, and close it when done. */
export interface Compiled extends AsyncDisposable {
  (...args: readonly Tree<TypedArray>[]): Promise<Tree<TypedArray>>
  readonly plan: PlanReport
  readonly session: Session
  close(): Promise<void>
}

/**
 * Compiles a function of traced values into a program whose every byte lies in one arena of at most `memory`.
 * Throws InfeasibleBudgetError, with the smallest budget that works, before anything is allocated.
 *
 * @example
 * await using f = await compile((w, x) => x.matmul(w).tanh().sum(), {
 *   inputs: [f32(64, 8), f32(128, 64)],
 *   memory: '96 KiB',
 *   backend: cpu(),
 * })
 * const value = await f(w, x)
 */
export async function compile(fn: Traceable, options: CompileOptions): Promise<Compiled> {
  const { inputs, microbatches, ...rest } = options
  const { graph, outputs } = trace(fn, inputs)
  const name = graph.name
  const spec = { graph, ...(microbatches !== undefined && { microbatches }) }
  const session = await openSession({ ...rest, programs: { [name]: spec } })
  const call = async (...args: readonly Tree<TypedArray>[]): Promise<Tree<TypedArray>> => {
    const results = await session.run(name, named(inputs, args))
    return mapTree(outputs ?? [], isName, output => results[output]!) as Tree<TypedArray>
  }
  const close = (): Promise<void> => session.close()
  return Object.assign(call, { plan: session.plan(name), session, close, [Symbol.asyncDispose]: close })
}

/** Arguments by the names that `trace` gives inputs. Throws FeedError where the nesting differs. */
function named(
  inputs: readonly Tree<Type>[],
  args: readonly Tree<TypedArray>[],
): { [name: string]: TypedArray } {
  if (args.length !== inputs.length)
    throw new FeedError('the number of arguments differs', {
      expected: String(inputs.length),
      got: String(args.length),
    })
  const arrays: { [name: string]: TypedArray } = {}
  for (const [i, tree] of args.entries())
    eachLeaf(tree, isArray, (leaf, path) => {
      arrays[path === '' ? String(i) : `${i}.${path}`] = leaf
    })
  for (const [i, tree] of inputs.entries())
    eachLeaf(tree, isType, (_, path) => {
      const name = path === '' ? String(i) : `${i}.${path}`
      if (!(name in arrays)) throw new FeedError(`argument ${name} is missing`)
    })
  return arrays
}

function isArray(x: unknown): x is TypedArray {
  return ArrayBuffer.isView(x)
}

function isName(x: unknown): x is string {
  return typeof x === 'string'
}
