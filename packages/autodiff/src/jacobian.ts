import {
  type Builder,
  concat,
  full,
  inlineChild,
  iota,
  isValue,
  type MapTree,
  mapTree,
  sizeOf,
  type Tree,
  traceChild,
  type Value,
  values,
  within,
} from '@stint/graph'
import { type Argnums, type Args, checkArgnums, type Gradient, type GradOptions } from './argnums.ts'
import { checkFloats } from './checks.ts'
import { forward } from './forward.ts'
import { grad } from './grad.ts'
import { reverse } from './reverse.ts'
import { refill } from './tree.ts'

export interface JacobianOptions<N extends Argnums = Argnums> extends GradOptions<N> {
  /** One reverse sweep for each element of the result, or one forward sweep for each element of the arguments. */
  readonly mode?: 'reverse' | 'forward'
}

/**
 * All first derivatives of `f`: a tree like its result, each leaf `[...Y]` replaced by a tree like the differentiated
 * argument with leaves `[...Y, ...X]`. The sweeps are unrolled, one for each element of the smaller side unless `mode`
 * says otherwise: meant for a small number of elements.
 *
 * @example
 * const j = jacobian(x => w.matmul(x).tanh())(x) // w [M, N], x [N] → j [M, N]
 */
export function jacobian<A extends Args, R extends Tree<Value>, const N extends Argnums = 0>(
  f: (...args: A) => R,
  options: JacobianOptions<N> = {},
): (...args: A) => MapTree<R, Value, Gradient<A, N>> {
  return (...args) => {
    const named = options.argnums ?? 0
    const argnums = checkArgnums('jacobian', named, args)
    const closure = traceChild(`jacobian ${f.name}`, f, args)
    const inner = argnums.map(i => closure.args[i])
    const wrt = checkFloats('jacobian', inner)
    const outputs = values(closure.result)
    const mode = options.mode ?? (elements(outputs) <= elements(wrt) ? 'reverse' : 'forward')
    const blocks = within(closure.builder, () =>
      (mode === 'reverse' ? byRows : byColumns)(closure.builder, wrt, outputs),
    )
    const inlined = inlineChild(closure, args, blocks.flat())[Symbol.iterator]()
    return mapTree(closure.result, isValue, () => {
      const rows = refill(inner, { [Symbol.iterator]: () => inlined }) as unknown[]
      return typeof named === 'number' ? rows[0] : rows
    }) as MapTree<R, Value, Gradient<A, N>>
  }
}

/**
 * All second derivatives of a scalar function of one argument: for leaves `[...X]` and `[...Z]` of it the block
 * `[...X, ...Z]`, a single block where the argument is one value. Forward over reverse, one sweep for each element.
 */
export function hessian<T extends Tree<Value>>(f: (x: T) => Value): (x: T) => MapTree<T, Value, T> {
  const gradient = (x: T): T => grad(f)(x) as T
  return x => jacobian(gradient, { mode: 'forward' })(x) as MapTree<T, Value, T>
}

/** One block `[...Y, ...X]` for each output and input. */
type Blocks = Value[][]

/** A reverse sweep for each element of each output gives one row. */
function byRows(builder: Builder, wrt: readonly Value[], outputs: readonly Value[]): Blocks {
  const nodes = builder.nodes.slice()
  return outputs.map(y => {
    const rows = basis(y).map(u => reverse(builder, wrt, [y], [u], nodes))
    return wrt.map((x, i) => {
      const row = rows.map(r => (r[i] ?? x.zerosLike()).reshape([1, ...x.shape]))
      return join(row, 0, [...y.shape, ...x.shape], y)
    })
  })
}

/** A forward sweep for each element of each input gives one column. */
function byColumns(builder: Builder, wrt: readonly Value[], outputs: readonly Value[]): Blocks {
  const nodes = builder.nodes.slice()
  const columns = wrt.map(x => basis(x).map(v => forward(builder, [x], [v], outputs, nodes)))
  return outputs.map((y, o) =>
    wrt.map((x, i) => {
      const column = (columns[i] ?? []).map(c => (c[o] ?? y.zerosLike()).reshape([...y.shape, 1]))
      return join(column, y.shape.length, [...y.shape, ...x.shape], y)
    }),
  )
}

function join(parts: readonly Value[], axis: number, shape: readonly number[], like: Value): Value {
  return parts.length === 0 ? full(0, like.dtype, shape) : concat(parts, axis).reshape(shape)
}

/** For each element of `x` the value that is 1 there and 0 elsewhere. */
function basis(x: Value): Value[] {
  const n = sizeOf(x.shape)
  return Array.from({ length: n }, (_, i) => iota([n]).eq(i).cast(x.dtype).reshape(x.shape))
}

function elements(list: readonly Value[]): number {
  return list.reduce((n, v) => n + sizeOf(v.shape), 0)
}
