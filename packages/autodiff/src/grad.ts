import {
  full,
  inlineChild,
  type Traceable,
  type Tree,
  traceChild,
  type Value,
  values,
  within,
} from '@stint/graph'
import { type Argnums, type Args, checkArgnums, type Gradient, type GradOptions } from './argnums.ts'
import { checkFloats, checkScalar } from './checks.ts'
import { reverse } from './reverse.ts'
import { refill, withZeros } from './tree.ts'

/**
 * The gradient of a scalar function: for each differentiated argument a tree like it. Throws ShapeError unless the
 * function gives a float scalar, StintError (`DTYPE`) for an argument of integers.
 *
 * @example
 * const dw = grad((w, x) => x.matmul(w).square().sum())(w, x)
 */
export function grad<A extends Args, const N extends Argnums = 0>(
  f: (...args: A) => Value,
  options: GradOptions<N> = {},
): (...args: A) => Gradient<A, N> {
  const both = valueAndGrad<A, N>(f, options)
  return (...args) => both(...args)[1]
}

/**
 * The value of a scalar function and its gradient. With `aux`, `f` gives [loss, anything] and the value is that pair.
 *
 * @example
 * const [loss, dw] = valueAndGrad((w, x) => x.matmul(w).square().sum())(w, x)
 */
export function valueAndGrad<A extends Args, X extends Tree<Value>, const N extends Argnums = 0>(
  f: (...args: A) => readonly [Value, X],
  options: GradOptions<N> & { readonly aux: true },
): (...args: A) => [[Value, X], Gradient<A, N>]
export function valueAndGrad<A extends Args, const N extends Argnums = 0>(
  f: (...args: A) => Value,
  options?: GradOptions<N> & { readonly aux?: false },
): (...args: A) => [Value, Gradient<A, N>]
export function valueAndGrad(
  f: Traceable,
  options: GradOptions & { readonly aux?: boolean } = {},
): (...args: Args) => [unknown, unknown] {
  const named = options.argnums ?? 0
  return (...args) => {
    const argnums = checkArgnums('grad', named, args)
    const closure = traceChild(`grad ${f.name}`, f, args)
    const { builder, result } = closure
    const loss = checkScalar(options.aux === true ? (result as readonly unknown[])[0] : result)
    const inner = argnums.map(i => closure.args[i])
    const wrt = checkFloats('grad', inner)
    const one = within(builder, () => full(1, loss.dtype))
    const found = reverse(builder, wrt, [loss], [one])
    const outputs = values(result)
    const inlined = inlineChild(closure, args, [...outputs, ...found.filter(v => v !== null)])
    const gradient = refill(inner, withZeros(wrt, found, inlined.slice(outputs.length))) as unknown[]
    return [refill(result, inlined), typeof named === 'number' ? gradient[0] : gradient]
  }
}
