import {
  full,
  inlineChild,
  isFloat,
  isValue,
  mapTree,
  ShapeError,
  StintError,
  showType,
  type Traceable,
  type Tree,
  traceChild,
  type Value,
  values,
  within,
} from '@stint/graph'
import { forward } from './forward.ts'
import { reverse } from './reverse.ts'

export interface GradOptions {
  /** Arguments to differentiate: one by default the first, or a list. */
  readonly argnums?: number | readonly number[]
}

// Traced functions take whatever their author wrote; the tree of gradients mirrors the argument.
// biome-ignore lint/suspicious/noExplicitAny: parameters of an arbitrary traced function.
type Args = any[]

/** The gradient of a scalar function: for each differentiated argument a tree like it. */
export function grad<A extends Args>(
  f: (...args: A) => Value,
  options: GradOptions = {},
): (...args: A) => A[0] {
  const both = valueAndGrad(f, options)
  return (...args) => both(...args)[1]
}

/**
 * The value of a scalar function and its gradient. With `aux`, `f` gives [loss, anything] and the value is that pair.
 *
 * @example
 * const [loss, dw] = valueAndGrad((w, x) => x.matmul(w).square().sum())(w, x)
 */
export function valueAndGrad<A extends Args, X extends Tree<Value>>(
  f: (...args: A) => readonly [Value, X],
  options: GradOptions & { readonly aux: true },
): (...args: A) => [[Value, X], A[0]]
export function valueAndGrad<A extends Args>(
  f: (...args: A) => Value,
  options?: GradOptions & { readonly aux?: false },
): (...args: A) => [Value, A[0]]
export function valueAndGrad(
  f: Traceable,
  options: GradOptions & { readonly aux?: boolean } = {},
): (...args: Args) => [unknown, unknown] {
  return (...args) => {
    const argnums = checkArgnums(options.argnums ?? 0, args)
    const closure = traceChild(`grad ${f.name}`, f, args)
    const loss = (options.aux === true ? (closure.result as readonly Value[])[0] : closure.result) as Value
    checkScalar(loss)
    const inner = argnums.map(i => closure.args[i])
    const wrt = inner.flatMap(values)
    for (const v of wrt)
      if (!isFloat(v.dtype))
        throw new StintError('DTYPE', 'only floating-point arguments have a gradient', {
          op: 'grad',
          got: showType(v.type),
          hint: 'Leave it out of argnums.',
        })
    const loose = new Map<Value, Value>()
    const found = reverse(closure.builder, wrt, [loss], [seed(closure.builder, loss)])
    const outputs = values(closure.result)
    const grads = found.filter(v => v !== null)
    const inlined = inlineChild(closure, args, [...outputs, ...grads])
    outputs.forEach((v, i) => {
      loose.set(v, inlined[i] as Value)
    })
    const value = mapTree(closure.result, isValue, v => loose.get(v))
    let at = outputs.length
    let n = 0
    const gradient = inner.map(tree =>
      mapTree(tree, isValue, v => (found[n++] === null ? full(0, v.dtype, v.shape) : inlined[at++])),
    )
    return [value, typeof (options.argnums ?? 0) === 'number' ? gradient[0] : gradient]
  }
}

/** The value of `f` and the function that maps a cotangent (a tree like the result) to those of all arguments. */
export function vjp<A extends Args, R extends Tree<Value>>(
  f: (...args: A) => R,
  ...primals: A
): [R, (cotangent: R) => A] {
  const run = (cotangent?: R): [R, A] => {
    const closure = traceChild(`vjp ${f.name}`, f, primals)
    const wrt = closure.args.flatMap(values)
    const outputs = values(closure.result)
    const cts = cotangent === undefined ? outputs.map(() => null) : values(cotangent)
    for (const [i, ct] of cts.entries()) if (ct !== null) checkLike('cotangent', outputs[i] as Value, ct)
    const found = reverse(closure.builder, wrt, outputs, cts)
    const live = found.filter(v => v !== null)
    const inlined = inlineChild(closure, primals, [...outputs, ...live])
    let [o, at, n] = [0, outputs.length, 0]
    const result = mapTree(closure.result, isValue, () => inlined[o++]) as R
    const grads = mapTree([...primals], isValue, v =>
      found[n++] === null ? full(0, v.dtype, v.shape) : inlined[at++],
    )
    return [result, grads as A]
  }
  return [run()[0], cotangent => run(cotangent)[1]]
}

/** The value of `f` and its directional derivative along `tangents`, trees like the arguments. */
export function jvp<A extends Args, R extends Tree<Value>>(
  f: (...args: A) => R,
  primals: A,
  tangents: A,
): [R, R] {
  const closure = traceChild(`jvp ${f.name}`, f, primals)
  const wrt = closure.args.flatMap(values)
  const along = tangents.flatMap(values)
  for (const [i, v] of wrt.entries()) checkLike('tangent', v, along[i] as Value)
  const outputs = values(closure.result)
  const found = forward(closure.builder, wrt, along, outputs)
  const inlined = inlineChild(closure, primals, [...outputs, ...found.filter(v => v !== null)])
  let [o, at, n] = [0, outputs.length, 0]
  const result = mapTree(closure.result, isValue, () => inlined[o++]) as R
  const tangent = mapTree(closure.result, isValue, v =>
    found[n++] === null ? full(0, v.dtype, v.shape) : inlined[at++],
  )
  return [result, tangent as R]
}

/** The Hessian of a scalar function of one argument, times `v`: forward over reverse (Pearlmutter 1994). */
export function hvp<T extends Tree<Value>>(f: (x: T) => Value, x: T, v: T): T {
  return jvp((p: T) => grad(f)(p) as T, [x], [v])[1]
}

function seed(builder: Parameters<typeof reverse>[0], loss: Value): Value {
  return within(builder, () => full(1, loss.dtype, loss.shape))
}

function checkScalar(loss: Value): void {
  if (loss.shape.length !== 0 || !isFloat(loss.dtype))
    throw new ShapeError('the function must give a scalar', {
      op: 'grad',
      expected: 'f32[] or f64[]',
      got: showType(loss.type),
      hint: 'Reduce it with sum() or mean(), or use vjp with a cotangent.',
    })
}

function checkLike(what: string, value: Value, other: Value | undefined): void {
  if (other === undefined || showType(value.type) !== showType(other.type))
    throw new ShapeError(`a ${what} differs from its value`, {
      expected: showType(value.type),
      got: other === undefined ? 'nothing' : showType(other.type),
    })
}

function checkArgnums(argnums: number | readonly number[], args: readonly unknown[]): readonly number[] {
  const list = typeof argnums === 'number' ? [argnums] : argnums
  for (const i of list)
    if (!Number.isInteger(i) || i < 0 || i >= args.length)
      throw new StintError('ATTR', 'argnums names no argument', {
        op: 'grad',
        expected: `a whole number below ${args.length}`,
        got: String(i),
      })
  return list
}
