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

/** The node of op `op` that computes a value, unless that value is to be kept. */
export function producedBy(op: OpName, id: ValueId, out: Rewriter): Node | undefined {
  const node = out.producer(id)
  return node?.op === op && node.hints?.keep !== true ? node : undefined
}

/** Whether every element of a value is `x`, −0 and 0 told apart. */
export function isSplat(id: ValueId, x: number, out: Rewriter): boolean {
  const number = splatOf(id, out)
  return number !== undefined && Object.is(number, x)
}
