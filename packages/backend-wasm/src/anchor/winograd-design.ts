import { type AnchorNest, inPlacePairs, type Kernel } from '@stint/engine'
import { dtypeBytes, sizeOf, stridesOf, type Type } from '@stint/graph'
import type { DesignContext, KernelDesign, Phase } from '../design.ts'
import { anchorCost, contractionRate, tiledColumns, tiledRows } from './cost.ts'
import { bareResult, epilogueOf, pushPart } from './dot.ts'
import { plus } from './emit.ts'
import { emitDense } from './rows.ts'
import type { View } from './views.ts'
import { planWinograd, pointBytes, points, type Winograd, type WinogradPlan } from './winograd.ts'
import { emitTransformedWeights, emitWinograd, type WeightPlaces } from './winograd-phase.ts'

/** Where weights `[a, b, 3, 3]` are read: which axis its rows are, and whether the kernel is read backwards. */
export interface WeightUse {
  readonly view: View
  readonly rowAxis: 0 | 1
  readonly turned: boolean
}

/** A convolution of 3×3 kernels, or its input's gradient, by tiles. */
export function designWinograd(
  kernel: Kernel,
  nest: AnchorNest,
  { target }: DesignContext,
  work: Winograd,
  { view, rowAxis, turned }: WeightUse,
): KernelDesign {
  const result = bareResult(nest)
  const plan = planWinograd(work, result !== null, target.threads)
  const first = kernel.operands.length
  const [{ shape }] = nest.node.types as [Type]
  const epilogue = epilogueOf(nest, [[0], [1], shape.slice(2).map((_, i) => i + 2)])
  const align = (bytes: number): number => Math.ceil(bytes / 64) * 64
  // Transformed weights, then a copy of the weights if they have to be computed first.
  const copyAt = points * pointBytes(work.groups * work.rows * work.channels)
  const shared = copyAt + (view.kind === 'strided' ? 0 : align(4 * sizeOf(view.shape)))
  const strides = view.kind === 'strided' ? view.strides : stridesOf(view.shape).map(s => 4 * s)
  const [s0, s1, sy, sx] = strides as [number, number, number, number]
  // Groups share out the first axis.
  const group = (rowAxis === 0 ? work.rows : work.channels) * s0
  const sign = turned ? -1 : 1
  const phases: Phase[] = []
  if (view.kind === 'computed')
    phases.push(b => emitDense(b, view, () => plus(b.f.get(b.workspace()), copyAt)))
  phases.push(b => {
    const places: WeightPlaces = {
      base: () => {
        if (view.kind === 'strided') plus(b.f.get(b.arg(view.operand)), view.offset)
        else plus(b.f.get(b.workspace()), copyAt)
        if (turned) plus(b.f, 2 * sy + 2 * sx)
      },
      group,
      row: rowAxis === 0 ? s0 : s1,
      channel: rowAxis === 0 ? s1 : s0,
      dy: sign * sy,
      dx: sign * sx,
    }
    emitTransformedWeights(b, plan, places, () => void b.f.get(b.workspace()))
  })
  phases.push(b =>
    emitWinograd(b, plan, {
      weights: () => void b.f.get(b.workspace()),
      ...(result !== null && { result: () => void b.f.get(b.arg(first + result)) }),
      workspace: () => {
        pushPart(b, plan.partBytes)
        plus(b.f, shared)
      },
      epilogue,
      firstResult: first,
    }),
  )
  return {
    operandAlign: kernel.operands.map(t => dtypeBytes(t.dtype)),
    variants: [
      {
        workspaceBytes: shared + plan.partBytes * target.threads,
        cost: anchorCost(kernel, nest, target.costs, coreTime(plan, contractionRate(target.costs)), [
          { view: work.source, times: plan.chunks },
        ]),
        inPlace: inPlacePairs(kernel, nest),
        phases,
      },
    ],
  }
}

/** ns of the products and of the transforms of tiles and weights. */
function coreTime(plan: WinogradPlan, rate: number): number {
  const { images, groups, channels, rows, across, down, bandRows, bands, chunks } = plan
  const products =
    (2 * points * bands * tiledColumns(across * bandRows, 16) * tiledRows(rows) * channels) / rate
  const transforms = across * down * (3 * channels * chunks + 2 * rows)
  return groups * (images * (products + transforms) + 15 * rows * channels)
}
