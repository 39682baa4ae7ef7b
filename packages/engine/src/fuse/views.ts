import { dtypeBytes, type Shape, stridesOf, type ValueId } from '@stint/graph'
import type { Uses } from './uses.ts'

/** Part of a stored value, its elements one after the other: a kernel reads it as an operand of its own. */
export interface View {
  readonly value: ValueId
  /** Bytes from the start of the value. */
  readonly offset: number
}

/**
 * The stored value that `v` is a contiguous slice of, if it is one. Kernels then take the place as an argument, so that
 * the steps of a sequence share theirs, where an index map would make one of each.
 */
export function viewOf(uses: Uses, v: ValueId, isRead: (v: ValueId) => boolean): View | undefined {
  const node = uses.producerOf(v)
  if (node?.op !== 'slice') return undefined
  const [input] = node.inputs as [ValueId]
  const { shape, dtype } = uses.graph.values[input]!
  const { start, step } = node.attrs as { start: readonly number[]; step: readonly number[] }
  if (!isContiguous(shape, uses.graph.values[v]!.shape, step)) return undefined
  const strides = stridesOf(shape)
  let value = input
  for (let at = uses.producerOf(value); at?.op === 'reshape' && !isRead(value); at = uses.producerOf(value))
    value = at.inputs[0]!
  if (!isRead(value)) return undefined
  return { value, offset: dtypeBytes(dtype) * start.reduce((n, from, a) => n + from * strides[a]!, 0) }
}

/** Whole rows one after the other: single indices, then a range, then whole axes. */
function isContiguous(from: Shape, to: Shape, step: readonly number[]): boolean {
  const last = to.findLastIndex((d, a) => d !== from[a])
  return to.every((d, a) => (a < last ? d === 1 : a > last || d === 1 || step[a] === 1)) && !to.includes(0)
}
