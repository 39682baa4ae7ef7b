import { bytesOf, dtypeBytes } from '@stint/graph'
import { sameAffine } from './affine.ts'
import type { Kernel } from './kernel.ts'
import { lowerSource } from './lower.ts'
import type { Expr, Nest, Store } from './nest.ts'

/**
 * Pairs [operand, result] of which the result may take the operand's place: every read of the operand is of the very
 * element that the result then overwrites, in the same pass over the domain. Any of them that share no operand and no
 * result may be used at once, provided the backend writes a point (for a reduce nest: all of a kept point's elements)
 * only after it has read all that it needs for that point.
 */
export function inPlacePairs(kernel: Kernel, nest: Nest): [operand: number, result: number][] {
  const pairs: [number, number][] = []
  for (const operand of kernel.operands.keys()) {
    if (readByAnchor(kernel, nest, operand)) continue
    for (const [result, { type }] of kernel.results.entries()) {
      const from = kernel.operands[operand]!
      if (dtypeBytes(from.dtype) !== dtypeBytes(type.dtype) || bytesOf(type) > bytesOf(from)) continue
      const store = storesOf(nest).find(s => s.result === result)!
      if (readsOnlyAt(nest, operand, store)) pairs.push([operand, result])
    }
  }
  return pairs
}

/** True if the anchor itself, or a source computed for it, reads the operand: long after, or before, a result is written. */
function readByAnchor(kernel: Kernel, nest: Nest, operand: number): boolean {
  if (nest.kind !== 'anchor') return false
  return nest.sources.some(source =>
    source.kind === 'operand'
      ? source.operand === operand
      : lowerSource(kernel, source.local).exprs.some(e => e.kind === 'load' && e.operand === operand),
  )
}

function storesOf(nest: Nest): readonly Store[] {
  return nest.kind === 'reduce' ? [...nest.perPoint, ...nest.perElement] : nest.stores
}

function readsOnlyAt(nest: Nest, operand: number, store: Store): boolean {
  const { exprs } = nest.kind === 'anchor' ? nest.epilogue : nest
  // Over no more than the store's own domain: an element store in a reduce nest is walked once for each element, and
  // a point store must not overwrite what a later element of the same point reads.
  return exprs.every(
    (e: Expr) =>
      e.kind !== 'load' || e.operand !== operand || (e.guards.length === 0 && sameAffine(e.at, store.at)),
  )
}
