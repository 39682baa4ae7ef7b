import { type AnchorNest, inPlacePairs, type Kernel } from '@stint/engine'
import { dtypeBytes, isFloat, sizeOf, type Type } from '@stint/graph'
import type { DesignContext, KernelDesign, Phase } from '../design.ts'
import { anchorCost } from './cost.ts'
import { bareResult, epilogueOf } from './dot.ts'
import type { Grouped } from './groups.ts'
import { denseOffset, emitDense } from './rows.ts'
import { emitLists, emitScatterLists, emitScatterScan } from './scatter-phase.ts'
import { type StridedView, type View, viewOf } from './views.ts'

/**
 * How updates are added up by row. Long rows: lists of the updates of each row are made first, then each row is summed
 * by itself. Short ones: chunks of rows are summed side by side, each in a pass over all indices.
 */
export interface ScatterPlan {
  readonly type: Type
  /** Updates, rows of the result, elements a row. */
  readonly count: number
  readonly rows: number
  readonly width: number
  readonly updates: View
  readonly lists: boolean
  /** Rows of a chunk. */
  readonly chunk: number
  /** Bytes of an element of the sums: f64, or 32-bit integers. */
  readonly sumBytes: 8 | 4
  /** In the workspace: copies of the indices and of the updates (−1: where they lie), lists; then each part's own. */
  readonly indicesAt: number
  readonly updatesAt: number
  readonly headsAt: number
  readonly orderAt: number
  readonly shared: number
  /** In a part's workspace: the sums, an update's row if it is computed, and results before the epilogue. */
  readonly rowAt: number
  readonly outAt: number
  readonly partBytes: number
  /** The dense indices and updates. */
  readonly indices: { readonly operand: number; readonly offset: number } | null
  readonly stored: { readonly operand: number; readonly offset: number } | null
  readonly epilogue: Grouped
  readonly firstResult: number
  readonly result: number | null
}

/** Sums of a chunk of short rows take so many bytes. */
const chunkBytes = 32768

/** `idx [...I]`, `updates [...I, ...R]` → `[rows, ...R]`. */
export function designScatterAdd(kernel: Kernel, nest: AnchorNest, { target }: DesignContext): KernelDesign {
  const [idx, updates] = nest.sources.map(s => viewOf(kernel, s)) as [View, View]
  const [type] = nest.node.types as [Type]
  const plan = planScatter(kernel, nest, idx, updates, target.threads)
  const phases: Phase[] = []
  if (plan.indicesAt >= 0) phases.push(b => emitDense(b, idx, () => at(b, plan.indicesAt)))
  if (plan.updatesAt >= 0) phases.push(b => emitDense(b, updates, () => at(b, plan.updatesAt)))
  if (plan.lists)
    phases.push(
      b => emitLists(b, plan),
      b => emitScatterLists(b, plan),
    )
  else phases.push(b => emitScatterScan(b, plan))
  return {
    operandAlign: kernel.operands.map(t => dtypeBytes(t.dtype)),
    variants: [
      {
        workspaceBytes: plan.shared + plan.partBytes * target.threads,
        cost: anchorCost(kernel, nest, target.costs, coreTime(plan), [
          { view: idx, times: 1 },
          { view: updates, times: 1 },
        ]),
        inPlace: inPlacePairs(kernel, nest),
        phases: sizeOf(type.shape) === 0 ? [] : phases,
      },
    ],
  }
}

/** ns of adding up, and of passing over the indices. */
function coreTime({ count, rows, width, lists, chunk }: ScatterPlan): number {
  const passes = lists ? 2 : Math.ceil(rows / chunk)
  return 2 * count * passes + 0.5 * count * width + rows * width
}

/** Pushes an address in the workspace. */
function at(b: Parameters<Phase>[0], offset: number): void {
  b.f.get(b.workspace()).i32(offset).op('i32.add')
}

function planScatter(
  kernel: Kernel,
  nest: AnchorNest,
  idx: View,
  updates: View,
  threads: number,
): ScatterPlan {
  const [type] = nest.node.types as [Type]
  const [rows, ...rest] = type.shape as [number, ...number[]]
  const width = sizeOf(rest)
  const count = sizeOf(idx.shape)
  const bytes = dtypeBytes(type.dtype)
  const sumBytes = isFloat(type.dtype) ? 8 : 4
  const lists = width >= 8
  const align = (n: number): number => Math.ceil(n / 64) * 64
  let shared = 0
  const take = (n: number): number => {
    shared += align(n)
    return shared - align(n)
  }
  const dense = (view: View): { operand: number; offset: number } | null => {
    const offset = denseOffset(view)
    return offset === null ? null : { operand: (view as StridedView).operand, offset }
  }
  const [indices, stored] = [dense(idx), dense(updates)]
  const result = bareResult(nest)
  const indicesAt = indices === null ? take(4 * count) : -1
  const updatesAt = stored === null && !lists ? take(bytes * count * width) : -1
  const headsAt = lists ? take(4 * (rows + 1)) : -1
  const orderAt = lists ? take(4 * count) : -1
  const most = Math.max(1, Math.floor(chunkBytes / (sumBytes * Math.max(1, width))))
  const chunk = lists ? 1 : Math.min(most, Math.max(1, Math.ceil(rows / threads)))
  const sums = align(chunk * width * sumBytes)
  const row = stored === null && lists ? align(width * bytes) : 0
  return {
    type,
    count,
    rows,
    width,
    updates,
    lists,
    chunk,
    sumBytes,
    indicesAt,
    updatesAt,
    headsAt,
    orderAt,
    shared,
    rowAt: sums,
    outAt: sums + row,
    partBytes: sums + row + (result === null ? align(chunk * width * bytes) : 0),
    indices,
    stored,
    epilogue: epilogueOf(nest, [[0], rest.map((_, i) => i + 1)]),
    firstResult: kernel.operands.length,
    result,
  }
}
