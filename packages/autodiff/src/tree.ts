import { full, isValue, mapTree, type Value } from '@stint/graph'

/** The tree with its leaves, in order, replaced by those of a list. */
export function refill(tree: unknown, leaves: Iterable<unknown>): unknown {
  const next = leaves[Symbol.iterator]()
  return mapTree(tree, isValue, () => next.next().value)
}

/** The derivatives that were found, zeros in place of those that vanish; `inlined` stand for the ones that do not. */
export function* withZeros(
  like: readonly Value[],
  found: readonly (Value | null)[],
  inlined: Iterable<Value>,
): Generator<Value> {
  const next = inlined[Symbol.iterator]()
  for (const [i, v] of like.entries())
    yield found[i] === null ? full(0, v.dtype, v.shape) : (next.next().value as Value)
}
