import { isValue } from '../functions/lift.ts'
import { current } from './current.ts'
import { eachLeaf, type Tree } from './tree.ts'
import type { Value } from './value.ts'

/** A function of traced values, or anything with such a `forward`: a module of `@stint/nn`. */
// biome-ignore lint/suspicious/noExplicitAny: parameters of an arbitrary traced function; `unknown` would refuse them all.
export type Block = ((...args: any[]) => unknown) | { forward(...args: any[]): unknown }

/**
 * The same function, or module, as a region of which only the inputs and the results are kept: what it computes in
 * between is computed again where a derivative reads it. It changes what a plan keeps, with or without a budget, and no
 * number. A budget needs no checkpoints: the planner finds what to compute again by itself.
 *
 * Regions may lie within each other. (Chen et al. 2016, Training deep nets with sublinear memory cost.)
 *
 * @example
 * const block = checkpoint((x: Value, w: Value) => x.matmul(w).tanh().add(x))
 * const model = sequential(checkpoint(residual(body)), checkpoint(residual(body)), linear(64, 10))
 */
export function checkpoint<B extends Block>(block: B): B {
  if (typeof block !== 'function') {
    const forward = (...args: unknown[]): unknown => inRegion(() => block.forward(...args))
    return Object.assign(Object.create(Object.getPrototypeOf(block)), block, { forward })
  }
  const run = (...args: unknown[]): unknown => inRegion(() => block(...args))
  Object.defineProperty(run, 'name', { value: block.name })
  return run as B
}

/** Runs `body` in a region of its own and marks what it gives as the region's results. */
function inRegion<T>(body: () => T): T {
  const builder = current()
  const { regions } = builder.root
  const own = builder.scopes.path.replaceAll('/', '.') || 'region'
  const count = regions.get(own) ?? 0
  regions.set(own, count + 1)
  const { region: outer } = builder.hints
  const region = `${outer === undefined ? '' : `${outer}/`}${own}#${count}`
  const result = builder.withHints({ region }, body)
  eachLeaf(result, isValue, v => {
    if (v.builder === builder && isWithin(builder.hintsOf(v)?.region, region))
      builder.mark(v, { result: region })
  })
  return result
}

/** Whether `region` is `outer`, or lies within it. */
export function isWithin(region: string | undefined, outer: string): boolean {
  return region !== undefined && (region === outer || region.startsWith(`${outer}/`))
}

/**
 * Asks the planner never to compute a value twice: it is stored from when it is computed until its last reader. Gives
 * the same value, or the same nesting of values. Inputs, state and constants are always kept.
 *
 * @example
 * const scores = keep(q.matmul(k.transpose()))
 */
export function keep<T extends Tree<Value>>(values: T): T {
  eachLeaf(values, isValue, v => v.builder.mark(v, { keep: true }))
  return values
}
