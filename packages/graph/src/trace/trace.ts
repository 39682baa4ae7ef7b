import type { DType, TypedArray } from '../dtype.ts'
import { dtypeBytes, viewOf } from '../dtype.ts'
import { ShapeError, TraceError } from '../errors.ts'
import { isValue } from '../functions/lift.ts'
import type { Graph, Hints, Output, StateRole } from '../graph.ts'
import { type Shape, sizeOf, type Type } from '../type.ts'
import { Builder } from './builder.ts'
import { current, within } from './current.ts'
import { eachLeaf, isType, mapTree, type Tree } from './tree.ts'
import type { Value } from './value.ts'

/** A function of traced values: arguments and results are values, or nestings of them. */
// biome-ignore lint/suspicious/noExplicitAny: parameters of an arbitrary traced function; `unknown` would refuse them all.
export type Traceable = (...args: any[]) => Tree<Value> | undefined

export interface Traced {
  readonly graph: Graph
  /** The results of the function, each leaf replaced by its output's name. */
  readonly outputs: Tree<string> | undefined
}

/**
 * Runs `fn` once on traced values of the given types and gives the graph of what it did.
 * Inputs are named by argument position and path (`0`, `1.w`), or by `names`; outputs by their path.
 *
 * @example
 * const { graph } = trace((x, w) => x.matmul(w).relu().sum(), [f32(64, 8), f32(8, 3)])
 */
export function trace(
  fn: Traceable,
  inputs: readonly Tree<Type>[],
  options: { name?: string; names?: readonly string[] } = {},
): Traced {
  const builder = new Builder(options.name ?? (fn.name === '' ? 'fn' : fn.name))
  const args = inputs.map((tree, i) =>
    mapTree(tree, isType, (type, path) => builder.input(join(options.names?.[i] ?? String(i), path), type)),
  )
  const result = within(builder, () => fn(...args))
  if (result instanceof Promise)
    throw new TraceError('a traced function must not be async', {
      hint: 'Trace plain functions; await outside of them.',
    })
  const outputs: Output[] = []
  const names =
    result === undefined
      ? undefined
      : (mapTree(result, isValue, (v, path) => {
          const name = path === '' ? 'result' : path
          outputs.push({ name, value: builder.use(v) })
          return name
        }) as Tree<string>)
  return { graph: builder.finish(outputs), outputs: names }
}

function join(head: string, path: string): string {
  return path === '' ? head : `${head}.${path}`
}

/** A function traced in a child of the current builder: its graph, and the outer values that it captured. */
export interface Closure<R> {
  readonly builder: Builder
  readonly args: readonly unknown[]
  readonly result: R
}

/** Traces `fn` in a child builder, with fresh inputs for the values in `args`. Ends with `inline`. */
export function traceChild<A extends readonly unknown[], R>(
  name: string,
  fn: (...args: A) => R,
  args: A,
): Closure<R> {
  const builder = new Builder(name, current())
  let n = 0
  const inner = args.map(tree => mapTree(tree, isValue, v => builder.input(`arg${n++}`, v.type)))
  const result = within(builder, () => fn(...(inner as unknown as A)))
  return { builder, args: inner, result }
}

/**
 * Adds the nodes of a closure to the current builder, with `args` for its inputs, and gives the values there that
 * stand for `results`.
 */
export function inlineChild(
  closure: Closure<unknown>,
  args: readonly unknown[],
  results: readonly Value[],
): Value[] {
  const { builder } = closure
  const outer = current()
  // Before the captures are read: a result may be an outer value that nothing inside used.
  const ids = results.map(v => builder.use(v))
  const map = new Map<number, Value>()
  const fed: Value[] = []
  for (const tree of args) eachLeaf(tree, isValue, v => fed.push(v))
  const inputs = builder.inputs.map(i => i.value)
  const captured = new Set(builder.captures.values())
  const own = inputs.filter(id => !captured.has(id))
  own.forEach((id, i) => {
    map.set(id, fed[i] as Value)
  })
  for (const [value, id] of builder.captures) map.set(id, value)
  for (const { value, bytes } of builder.constants)
    map.set(value, outer.constant(builder.values[value] as Type, bytes))
  const get = (id: number) => map.get(id) as Value
  for (const node of builder.nodes) {
    const emitted = outer.withSite(node.site, () =>
      outer.withHints(node.hints ?? {}, () => outer.emit(node.op, node.attrs, node.inputs.map(get))),
    )
    node.results.forEach((id, i) => {
      map.set(id, emitted[i] as Value)
    })
  }
  return ids.map(get)
}

/** Runs `body` with `name` appended to the layer path of every node that it adds. */
export function scope<T>(name: string, body: () => T): T {
  return current().scopes.enter(name, body)
}

/** Runs `body` with every node it adds marked for the planner. */
export function hinted<T>(hints: Hints, body: () => T): T {
  return current().withHints(hints, body)
}

/** The value that the program keeps at `path` between runs, as it is at the start of a run. */
export function state(path: string, type: Type, role?: StateRole): Value {
  return current().root.declareState(path, type, role)
}

/** Says what the state at `path` becomes at the end of the run; without it the state stays as it is. */
export function setState(path: string, next: Value): void {
  current().root.setNext(path, next)
}

/** Declares that the integers of a fed input lie in `[low, high)`: checked when fed. No effect on computed values. */
export function bounded(x: Value, low: number, high: number): Value {
  const root = x.builder.root
  const input = outermost(x)
  const entry = root.inputs.find(i => i.value === input)
  if (entry !== undefined) {
    const [l, h] = entry.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    entry.range = [Math.max(l, low), Math.min(h, high)]
  }
  return x
}

/** The id in the root builder of a value captured through any number of children, or −1. */
function outermost(x: Value): number {
  let v: Value | undefined = x
  while (v !== undefined && v.builder.parent !== undefined) {
    const { id, builder }: Value = v
    v = [...builder.captures].find(([, inner]) => inner === id)?.[0]
  }
  return v?.id ?? -1
}

/** A constant tensor from numbers or a typed array. */
export function constant(data: TypedArray | readonly number[], shape: Shape, dtype: DType = 'f32'): Value {
  if (sizeOf(shape) !== data.length)
    throw new ShapeError('the data do not fill the shape', {
      op: 'constant',
      expected: `${sizeOf(shape)} elements`,
      got: String(data.length),
    })
  const bytes = new Uint8Array(data.length * dtypeBytes(dtype))
  viewOf(dtype, bytes.buffer, 0, data.length).set(data as readonly number[])
  return current().constant({ dtype, shape }, bytes)
}
