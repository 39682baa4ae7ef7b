import { StintError } from '@stint/graph'

// Traced functions take whatever their author wrote; the tree of gradients mirrors the argument.
// biome-ignore lint/suspicious/noExplicitAny: parameters of an arbitrary traced function.
export type Args = any[]

/** Which arguments to differentiate: one by its position, or a list of them. */
export type Argnums = number | readonly number[]

/** A tree like the argument named, or a list of such trees. */
export type Gradient<A extends Args, N extends Argnums> = N extends number
  ? A[N]
  : N extends readonly number[]
    ? { -readonly [K in keyof N]: A[N[K] & number] }
    : never

export interface GradOptions<N extends Argnums = Argnums> {
  /** Arguments to differentiate: one (by default the first), or a list. */
  readonly argnums?: N
}

/** The positions named, as a list. Throws StintError (`ATTR`) where one does not exist or is named twice. */
export function checkArgnums(op: string, argnums: Argnums, args: readonly unknown[]): readonly number[] {
  const list = typeof argnums === 'number' ? [argnums] : argnums
  for (const [n, i] of list.entries())
    if (!Number.isInteger(i) || i < 0 || i >= args.length || list.indexOf(i) !== n)
      throw new StintError('ATTR', 'argnums names no argument, or one twice', {
        op,
        expected: `distinct whole numbers below ${args.length}`,
        got: JSON.stringify(argnums),
      })
  return list
}
