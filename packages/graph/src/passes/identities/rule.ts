import type { Node, ValueId } from '../../graph.ts'
import type { OpName } from '../../ops/index.ts'
import type { Rewriter } from '../rewrite.ts'
import { splatOf } from '../splat.ts'

/** The value that a node's result is equal to, bit for bit, for fewer or smaller nodes; undefined where there is none. */
export type Identity = (node: Node, out: Rewriter) => ValueId | undefined

/** Identities by the op of the node that they replace. */
export type Identities = { readonly [K in OpName]?: Identity }

/** The only, or first, input. */
export function operand({ inputs }: Node, i = 0): ValueId {
  return inputs[i] as ValueId
}

/** Whether a node must stay, and what it reads be read through it: it is to be kept, or the result of a region. */
export function isFixed({ hints }: Node): boolean {
  return hints?.keep === true || hints?.result !== undefined
}

/** The node of op `op` that computes a value, unless it must be read as it is. */
export function producedBy(op: OpName, id: ValueId, out: Rewriter): Node | undefined {
  const node = out.producer(id)
  return node?.op === op && !isFixed(node) ? node : undefined
}

/** Whether every element of a value is `x`, −0 and 0 told apart. */
export function isSplat(id: ValueId, x: number, out: Rewriter): boolean {
  const number = splatOf(id, out)
  return number !== undefined && Object.is(number, x)
}
