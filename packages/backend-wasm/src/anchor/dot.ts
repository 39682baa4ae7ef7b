import { type AnchorNest, inPlacePairs, type Kernel, type Store } from '@stint/engine'
import { type DotAttrs, dotAxes, dtypeBytes, type Shape, sizeOf, stridesOf, type Type } from '@stint/graph'
import type { Local } from '../asm/index.ts'
import type { DesignContext, KernelDesign, PhaseBuilder } from '../design.ts'
import { emitBlock } from './block.ts'
import { anchorCost, contractionRate, tiledColumns, tiledRows } from './cost.ts'
import { emitDot, type Finished } from './dot-phase.ts'
import { type DotPlan, planDot } from './dot-plan.ts'
import { times } from './emit.ts'
import { type Grouped, regroup } from './groups.ts'
import { matrixOf } from './matrix.ts'
import { rowCopier } from './pack.ts'
import { spreadElements, spreadStores, viewOf } from './views.ts'

/** A general contraction: batched, over any axes in any order, with what is computed before and after it. */
export function designDot(kernel: Kernel, nest: AnchorNest, { target }: DesignContext): KernelDesign {
  const { node, sources } = nest
  const { batch, contract } = node.attrs as unknown as DotAttrs
  const [left, right] = sources.map(s => s.type.shape) as [Shape, Shape]
  const { freeLeft, freeRight } = dotAxes({ batch, contract }, left, right)
  const [x, y] = sources.map(s => viewOf(kernel, s))
  const count = (shape: Shape, axes: readonly number[]): number => sizeOf(axes.map(a => shape[a]!))
  const [{ dtype, shape }] = node.types as [Type]
  const result = bareResult(nest)
  const plan = planDot(
    {
      dtype: dtype as 'f32' | 'f64',
      batches: count(left, batch[0]),
      m: count(left, freeLeft),
      n: count(right, freeRight),
      k: count(left, contract[0]),
      // Written either way; columns of the other lie side by side.
      left: matrixOf(x!, batch[0], freeLeft, contract[0], { free: 1, deep: 1 }),
      right: matrixOf(y!, batch[1], freeRight, contract[1], { free: 1, deep: 80 }),
    },
    result !== null,
    target.threads,
  )
  const first = kernel.operands.length
  // Axes of the result: batch, free of the left, free of the right.
  const [b0, m0] = [batch[0].length, batch[0].length + freeLeft.length]
  const axes = shape.map((_, a) => a)
  const epilogue = epilogueOf(nest, [axes.slice(0, b0), axes.slice(b0, m0), axes.slice(m0)])
  const phase = (b: PhaseBuilder): void => {
    emitDot(b, plan, {
      ...(result !== null && { result: () => void b.f.get(b.arg(first + result)) }),
      workspace: () => pushPart(b, plan.partBytes),
      finish: sums =>
        result === null
          ? finishBlock(b, plan, epilogue, first, sums)
          : copySums(b, plan, b.arg(first + result), sums),
    })
  }
  return {
    operandAlign: kernel.operands.map(t => dtypeBytes(t.dtype)),
    variants: [
      {
        workspaceBytes: plan.partBytes * target.threads,
        cost: anchorCost(kernel, nest, target.costs, coreTime(plan, contractionRate(target.costs)), [
          { view: x!, times: plan.columnChunks },
          { view: y!, times: plan.rowChunks },
        ]),
        inPlace: inPlacePairs(kernel, nest),
        phases: [phase],
      },
    ],
  }
}

/** ns of the products, and of packing what they read. */
function coreTime(plan: DotPlan, rate: number): number {
  const { batches, m, n, k, width, leftBy, rightBy, rowChunks, columnChunks } = plan
  const products = (2 * tiledRows(m) * tiledColumns(n, width) * k) / rate
  const left = leftBy === 'groups' || leftBy === 'lines' ? 0.35 * m * k * columnChunks : 0
  const right = rightBy === 'panels' || rightBy === 'lines' ? 0.25 * k * n * rowChunks : 0
  return batches * (products + left + right)
}

/** Pushes the address of this thread's workspace: each part may be run by another thread. */
export function pushPart(b: PhaseBuilder, partBytes: number): void {
  if (partBytes === 0) b.f.i32(0)
  else times(b.f.get(b.workspace()).get(b.slot), partBytes).op('i32.add')
}

/** The result that is the anchor itself, where nothing else is computed; null otherwise. */
export function bareResult({ epilogue: { domain, exprs }, stores }: AnchorNest): number | null {
  const [store, ...more] = stores as [Store, ...Store[]]
  const strides = stridesOf(domain)
  const dense = store.at.offset === 0 && store.at.coefs.every((c, i) => domain[i] === 1 || c === strides[i])
  return more.length === 0 && exprs[store.expr]!.kind === 'anchor' && dense ? store.result : null
}

/** What is computed after an anchor, over groups of the axes of its result. */
export function epilogueOf(nest: AnchorNest, groups: readonly (readonly number[])[]): Grouped {
  const [{ shape }] = nest.node.types as [Type]
  const stores = spreadStores(nest.stores, nest.epilogue.domain, shape)
  return regroup(spreadElements(nest.epilogue, shape), stores, groups)
}

/** Makes results of finished sums. */
function finishBlock(
  b: PhaseBuilder,
  { lane, chunkRows, columnUnit }: DotPlan,
  grouped: Grouped,
  firstResult: number,
  { batch, row, rows, column, columns, sums, sumsRow }: Finished,
): void {
  emitBlock(b, {
    grouped,
    spans: [
      { start: batch, count: 1, unit: 1 },
      { start: row, count: rows, unit: chunkRows },
      { start: column, count: columns, unit: columnUnit },
    ],
    anchor: { at: sums, strides: [0, sumsRow, lane.bytes] },
    firstResult,
  })
}

/** Copies finished sums to a dense result [batch, m, n]. */
function copySums(b: PhaseBuilder, { lane, m, n }: DotPlan, result: Local, sums: Finished): void {
  const { f } = b
  const width = sums.columns as number
  times(f.get(sums.batch), m).get(sums.row).op('i32.add')
  times(times(f, n).get(sums.column).op('i32.add'), lane.bytes)
  f.get(result).op('i32.add').get(sums.sums).get(sums.rows)
  f.call(rowCopier(b, { lane, width, toRow: n * lane.bytes, fromRow: sums.sumsRow }))
}
