import { TraceError } from '../errors.ts'
import { isValue } from '../functions/lift.ts'
import type { Type } from '../type.ts'
import type { Value } from './value.ts'

/** Leaves in arrays and plain objects, nested as the user likes: parameters, gradients, optimizer state. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> }

/** The same nesting with other leaves. */
export type MapTree<S, From, To> = S extends From
  ? To
  : S extends readonly unknown[]
    ? { -readonly [K in keyof S]: MapTree<S[K], From, To> }
    : S extends object
      ? { [K in keyof S]: MapTree<S[K], From, To> }
      : never

export function isType(x: unknown): x is Type {
  return typeof x === 'object' && x !== null && 'dtype' in x && 'shape' in x && !('builder' in x)
}

/** Visits the leaves in order, each with its dotted path. Throws TraceError at anything that is neither leaf nor nesting. */
export function eachLeaf<T>(
  tree: unknown,
  isLeaf: (x: unknown) => x is T,
  visit: (leaf: T, path: string) => void,
  path = '',
): void {
  if (isLeaf(tree)) {
    visit(tree, path)
    return
  }
  if (!Array.isArray(tree) && !isPlain(tree))
    throw new TraceError('neither a traced value nor a nesting of them', {
      expected: 'a value, an array or a plain object',
      got: `${tree === null ? 'null' : typeof tree}${path === '' ? '' : ` at '${path}'`}`,
    })
  for (const [key, child] of Object.entries(tree))
    eachLeaf(child, isLeaf, visit, path === '' ? key : `${path}.${key}`)
}

/** The same nesting with every leaf replaced. */
export function mapTree<T, U>(
  tree: unknown,
  isLeaf: (x: unknown) => x is T,
  map: (leaf: T, path: string) => U,
  path = '',
): unknown {
  if (isLeaf(tree)) return map(tree, path)
  const inner = (key: string) => (path === '' ? key : `${path}.${key}`)
  if (Array.isArray(tree)) return tree.map((child, i) => mapTree(child, isLeaf, map, inner(String(i))))
  if (!isPlain(tree))
    throw new TraceError('neither a leaf nor a nesting of them', {
      expected: 'an array or a plain object',
      got: `${tree === null ? 'null' : typeof tree}${path === '' ? '' : ` at '${path}'`}`,
    })
  return Object.fromEntries(
    Object.entries(tree).map(([key, child]) => [key, mapTree(child, isLeaf, map, inner(key))]),
  )
}

function isPlain(x: unknown): x is { readonly [key: string]: unknown } {
  if (typeof x !== 'object' || x === null) return false
  const proto: unknown = Object.getPrototypeOf(x)
  return proto === Object.prototype || proto === null
}

/** The traced values of a tree, in order. */
export function values(tree: unknown): Value[] {
  const list: Value[] = []
  eachLeaf(tree, isValue, v => list.push(v))
  return list
}
