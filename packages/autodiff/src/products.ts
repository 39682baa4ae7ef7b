import { current, inlineChild, type Tree, traceChild, type Value, values } from '@stint/graph'
import type { Args } from './argnums.ts'
import { checkLike } from './checks.ts'
import { forward } from './forward.ts'
import { grad } from './grad.ts'
import { reverse } from './reverse.ts'
import { refill, withZeros } from './tree.ts'

/**
 * The value of `f` and the function that maps a cotangent (a tree like the result) to those of all arguments; those of
 * integers are zeros. The function may be called any number of times. Throws ShapeError where a cotangent differs in
 * type from its value.
 */
export function vjp<A extends Args, R extends Tree<Value>>(
  f: (...args: A) => R,
  ...primals: A
): [R, (cotangent: R) => A] {
  const { regions } = current().root
  const counted = new Map(regions)
  const run = (cotangent: R | undefined): [R, A] => {
    const closure = again(regions, counted, () => traceChild(`vjp ${f.name}`, f, primals))
    const wrt = values(closure.args)
    const outputs = values(closure.result)
    const cotangents = cotangent === undefined ? [] : values(cotangent)
    if (cotangent !== undefined) checkLike('cotangent', outputs, cotangents)
    const found = reverse(closure.builder, wrt, outputs, cotangents)
    const inlined = inlineChild(closure, primals, [...outputs, ...found.filter(v => v !== null)])
    const result = refill(closure.result, inlined)
    return [result as R, refill(closure.args, withZeros(wrt, found, inlined.slice(outputs.length))) as A]
  }
  // The pullback traces `f` again where it is called, which may be inside another derivative; what it computes twice is
  // one common subexpression.
  return [run(undefined)[0], cotangent => run(cotangent)[1]]
}

/** Runs `body` with regions counted from `from` on, so that what it traces again has the names that it had. */
function again<T>(regions: Map<string, number>, from: ReadonlyMap<string, number>, body: () => T): T {
  const before = new Map(regions)
  for (const name of before.keys()) regions.set(name, from.get(name) ?? 0)
  try {
    return body()
  } finally {
    for (const [name, count] of before) regions.set(name, Math.max(count, regions.get(name) ?? 0))
  }
}

/**
 * The value of `f` and its directional derivative along `tangents`, trees like the arguments. Throws ShapeError where a
 * tangent differs in type from its argument.
 */
export function jvp<A extends Args, R extends Tree<Value>>(
  f: (...args: A) => R,
  primals: A,
  tangents: A,
): [R, R] {
  const closure = traceChild(`jvp ${f.name}`, f, primals)
  const wrt = values(closure.args)
  const along = values(tangents)
  checkLike('tangent', wrt, along)
  const outputs = values(closure.result)
  const found = forward(closure.builder, wrt, along, outputs)
  const inlined = inlineChild(closure, primals, [...outputs, ...found.filter(v => v !== null)])
  const tangent = refill(closure.result, withZeros(outputs, found, inlined.slice(outputs.length)))
  return [refill(closure.result, inlined) as R, tangent as R]
}

/** The Hessian of a scalar function of one argument, times `v`: forward over reverse (Pearlmutter 1994). */
export function hvp<T extends Tree<Value>>(f: (x: T) => Value, x: T, v: T): T {
  return jvp((p: T) => grad(f)(p) as T, [x], [v])[1]
}
