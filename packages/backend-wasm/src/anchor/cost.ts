import type { AnchorNest, CostTable, Kernel, MapNest } from '@stint/engine'
import { bytesOf, stridesOf } from '@stint/graph'
import { nestWork } from '../nest/cost.ts'
import type { View } from './views.ts'

/** What an anchor takes besides its own loops: its sources, each computed (or copied) so many times over. */
export interface SourceWork {
  readonly view: View
  readonly times: number
}

/**
 * Whole ns of an anchor of which the loops over ready sources take `core` ns: with what is computed before and after it,
 * or the time that its operands and results take to be moved, if that is longer.
 */
export function anchorCost(
  kernel: Kernel,
  nest: AnchorNest,
  table: CostTable,
  core: number,
  sources: readonly SourceWork[] = [],
): number {
  const types = [...kernel.operands, ...kernel.results.map(r => r.type)]
  const bytes = types.reduce((n, type) => n + bytesOf(type), 0) / table.bytes
  const rate = table.flop.vector ?? 32
  let work = 0
  for (const { view, times } of sources) if (view.kind === 'computed') work += times * sourceWork(view)
  if (nest.epilogue.exprs.some(e => e.kind !== 'anchor')) {
    const after: MapNest = { kind: 'map', ...nest.epilogue, stores: nest.stores }
    work += nestWork(after, nest.epilogue.domain.length - 1)
  }
  return Math.ceil(table.step + Math.max(bytes, core + work / rate))
}

/** Vector instructions, counted by elements, of writing a computed source once. */
function sourceWork({
  elements: { domain, exprs },
  expr,
  dtype,
}: Extract<View, { kind: 'computed' }>): number {
  const at = { offset: 0, coefs: stridesOf(domain) }
  const nest: MapNest = { kind: 'map', domain, exprs, stores: [{ result: 0, expr, at, dtype }] }
  return Math.min(...domain.map((_, axis) => nestWork(nest, axis)), nestWork(nest, -1))
}

/** Contractions at the table's rate, in FLOP a ns. */
export function contractionRate(table: CostTable): number {
  return table.flop.contraction ?? 45
}

/** Columns as tiles take them: what is left beyond full panels of `width` costs more a column. */
export function tiledColumns(columns: number, width: number): number {
  const rest = columns % width
  const quarters = Math.ceil((4 * rest) / width)
  return columns - rest + width * [0, 0.4, 0.55, 0.85, 1][quarters]!
}

/** Rows likewise: a single row takes more than half of what two take. */
export function tiledRows(rows: number): number {
  return rows + 0.5 * (rows % 2)
}
