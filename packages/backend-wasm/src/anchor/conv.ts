import { type AnchorNest, inPlacePairs, type Kernel } from '@stint/engine'
import { type ConvAttrs, dtypeBytes, type Type } from '@stint/graph'
import type { Local } from '../asm/index.ts'
import type { DesignContext, KernelDesign, Phase, PhaseBuilder } from '../design.ts'
import { partOf } from '../nest/loops.ts'
import { emitBlock } from './block.ts'
import { type Axis1, blockChannels, type ConvShape, convShape } from './conv-shape.ts'
import { type Correlation, type CorrelationPlan, planCorrelation, type WindowGrid } from './correlation.ts'
import { emitCorrelation } from './correlation-phase.ts'
import { anchorCost, contractionRate, tiledColumns, tiledRows } from './cost.ts'
import { bareResult, epilogueOf, pushPart } from './dot.ts'
import { forRange, plus, times } from './emit.ts'
import { type Grouped, regroup } from './groups.ts'
import { laneOf } from './lane.ts'
import { asPlane, elementsOf, type View, viewOf } from './views.ts'
import { usesWinograd } from './winograd.ts'
import { designWinograd } from './winograd-design.ts'

/** `x [N, C, ...S]`, `w [F, C/groups, ...K]` → `[N, F, ...O]`. */
export function designConv(kernel: Kernel, nest: AnchorNest, context: DesignContext): KernelDesign {
  const [x, w] = nest.sources.map(s => viewOf(kernel, s)) as [View, View]
  const [{ shape: g, dtype }] = nest.node.types as [Type]
  const shape = convShape(x.shape, w.shape, g, nest.node.attrs as unknown as ConvAttrs)
  const { channels, filters, taps } = shape
  const lane = laneOf(dtype)
  if (usesWinograd(shape, lane, shape.y.places, shape.x.places))
    return designWinograd(
      kernel,
      nest,
      context,
      {
        lane,
        images: shape.images,
        groups: shape.groups,
        channels,
        rows: filters,
        source: x,
        size: { y: shape.y.size, x: shape.x.size },
        height: shape.y.places,
        width: shape.x.places,
        first: { y: -shape.y.before, x: -shape.x.before },
      },
      { view: w, rowAxis: 0, turned: false },
    )
  const dense = denseRows(w)
  const row = dense ?? channels * taps
  const grid: WindowGrid = {
    height: shape.y.places,
    width: shape.x.places,
    first: { y: -shape.y.before, x: -shape.x.before },
    step: { y: shape.y.stride, x: shape.x.stride },
    taps: pairs(tapsOf(shape.y), tapsOf(shape.x)),
    to: 0,
    toStep: { y: shape.x.places, x: 1 },
    weights: 0,
    weightsRow: row,
  }
  const work: Correlation = {
    lane,
    images: shape.images,
    groups: shape.groups,
    channels,
    rows: filters,
    source: x,
    size: { y: shape.y.size, x: shape.x.size },
    grids: [grid],
    places: grid.height * grid.width,
    weightsGroup: filters * row,
    block: blockChannels(taps),
  }
  const rowsOf = regroup(elementsOf(w), [], [[0], w.shape.slice(1).map((_, i) => i + 1)])
  return designCorrelation(kernel, nest, context, work, {
    ...(dense !== null && { stored: w }),
    elements: shape.groups * filters * channels * taps,
    copy: b => copyRows(b, w, rowsOf, channels * taps, work.lane.bytes),
  })
}

/** `ct [N, F, ...O]`, `w [F, C/groups, ...K]` → `[N, C, ...S]`. */
export function designConvInput(kernel: Kernel, nest: AnchorNest, context: DesignContext): KernelDesign {
  const [ct, w] = nest.sources.map(s => viewOf(kernel, s)) as [View, View]
  const [{ shape: x, dtype }] = nest.node.types as [Type]
  const shape = convShape(x, w.shape, ct.shape, nest.node.attrs as unknown as ConvAttrs)
  const { channels, filters, taps, groups } = shape
  const lane = laneOf(dtype)
  if (usesWinograd(shape, lane, shape.y.size, shape.x.size))
    return designWinograd(
      kernel,
      nest,
      context,
      {
        lane,
        images: shape.images,
        groups,
        channels: filters,
        rows: channels,
        source: ct,
        size: { y: shape.y.places, x: shape.x.places },
        height: shape.y.size,
        width: shape.x.size,
        first: { y: shape.y.before - 2, x: shape.x.before - 2 },
      },
      { view: w, rowAxis: 1, turned: true },
    )
  const grids = inputGrids(shape)
  const work: Correlation = {
    lane,
    images: shape.images,
    groups,
    channels: filters,
    rows: channels,
    source: ct,
    size: { y: shape.y.places, x: shape.x.places },
    grids: grids.map(g => g.grid),
    places: shape.y.size * shape.x.size,
    weightsGroup: channels * filters * taps,
    block: blockChannels(taps),
  }
  return designCorrelation(kernel, nest, context, work, {
    elements: groups * channels * filters * taps,
    copy: b => turnWeights(b, w, shape, grids, work.lane.bytes),
  })
}

/** Where the weights of a correlation come from: an operand as it lies, or `elements` of them copied beforehand. */
interface Weights {
  readonly stored?: View
  readonly elements: number
  /** Emits the copy to the start of the workspace: this part's share. */
  readonly copy: Phase
}

function designCorrelation(
  kernel: Kernel,
  nest: AnchorNest,
  { target }: DesignContext,
  work: Correlation,
  { stored, elements, copy }: Weights,
): KernelDesign {
  const result = bareResult(nest)
  const plan = planCorrelation(work, result !== null, target.threads)
  const first = kernel.operands.length
  const [{ shape }] = nest.node.types as [Type]
  const epilogue = epilogueOf(nest, [[0], [1], shape.slice(2).map((_, i) => i + 2)])
  const shared = stored === undefined ? Math.ceil((elements * work.lane.bytes) / 64) * 64 : 0
  const main: Phase = b =>
    emitCorrelation(b, plan, {
      weights: () => {
        if (stored?.kind === 'strided') plus(b.f.get(b.arg(stored.operand)), stored.offset)
        else b.f.get(b.workspace())
      },
      ...(result !== null && { result: () => void b.f.get(b.arg(first + result)) }),
      workspace: () => {
        pushPart(b, plan.partBytes)
        plus(b.f, shared)
      },
      epilogue,
      firstResult: first,
    })
  return {
    operandAlign: kernel.operands.map(t => dtypeBytes(t.dtype)),
    variants: [
      {
        workspaceBytes: shared + plan.partBytes * target.threads,
        cost: anchorCost(kernel, nest, target.costs, coreTime(plan, contractionRate(target.costs)), [
          { view: work.source, times: 1 },
        ]),
        inPlace: inPlacePairs(kernel, nest),
        phases: shared > 0 ? [copy, main] : [main],
      },
    ],
  }
}

/** ns of the products, of gathering what they read, and of copying images. */
function coreTime(
  { images, groups, channels, rows, grids, lane, size, image }: CorrelationPlan,
  rate: number,
): number {
  const width = 4 * lane.count
  let ns = image.staged ? 0.15 * channels * size.y * size.x : 0
  for (const { height, width: across, taps } of grids) {
    const positions = height * across
    ns += (2 * tiledRows(rows) * tiledColumns(positions, width) * channels * taps.length) / rate
    ns += 0.06 * positions * channels * taps.length
  }
  return images * groups * ns
}

/** Elements from row to row of weights whose rows are dense in memory; null if they are not. */
function denseRows(w: View): number | null {
  if (w.kind !== 'strided') return null
  const bytes = dtypeBytes(w.dtype)
  let inner = bytes
  for (let a = w.shape.length - 1; a >= 1; a--) {
    if (w.shape[a] !== 1 && w.strides[a] !== inner) return null
    inner *= w.shape[a]!
  }
  const row = w.shape[0] === 1 ? inner : w.strides[0]!
  return row >= 0 ? row / bytes : null
}

/** Offsets of the taps along one axis. */
function tapsOf({ kernel, dilation }: Axis1): number[] {
  return Array.from({ length: kernel }, (_, k) => k * dilation)
}

function pairs(ys: readonly number[], xs: readonly number[]): { y: number; x: number }[] {
  return ys.flatMap(y => xs.map(x => ({ y, x })))
}

/** A grid of the input gradient, and which kernel positions its taps are. */
interface InputGrid {
  readonly grid: WindowGrid
  readonly kernel: readonly { readonly y: number; readonly x: number }[]
}

/** The positions of the input by their remainder modulo the stride: those of each read the same taps. */
function inputGrids(shape: ConvShape): InputGrid[] {
  const { y, x, channels, filters } = shape
  let weights = 0
  const grids: InputGrid[] = []
  for (let ry = 0; ry < Math.min(y.stride, y.size); ry++)
    for (let rx = 0; rx < Math.min(x.stride, x.size); rx++) {
      const [ky, kx] = [readThrough(y, ry), readThrough(x, rx)]
      const kernel = pairs(ky, kx)
      const grid = {
        height: Math.ceil((y.size - ry) / y.stride),
        width: Math.ceil((x.size - rx) / x.stride),
        first: { y: 0, x: 0 },
        step: { y: 1, x: 1 },
        taps: kernel.map(k => ({ y: outputOf(y, ry, k.y), x: outputOf(x, rx, k.x) })),
        to: ry * x.size + rx,
        toStep: { y: y.stride * x.size, x: x.stride },
        weights,
        weightsRow: filters * kernel.length,
      }
      weights += channels * filters * kernel.length
      grids.push({ grid, kernel })
    }
  return grids
}

/** Kernel positions through which some output reads the inputs with remainder `r`, ascending. */
function readThrough({ kernel, stride, dilation, before }: Axis1, r: number): number[] {
  return Array.from({ length: kernel }, (_, k) => k).filter(k => (r + before - k * dilation) % stride === 0)
}

/** The output that reads input `r` through kernel position `k`. */
function outputOf({ stride, dilation, before }: Axis1, r: number, k: number): number {
  return (r + before - k * dilation) / stride
}

/** Copies weights so that each filter's are side by side. */
function copyRows(b: PhaseBuilder, w: View, grouped: Grouped, row: number, bytes: number): void {
  const { f } = b
  const [from, to] = partOf(f, b, w.shape[0]!)
  const zero = f.local('i32')
  f.get(to).get(from).op('i32.sub').set(to)
  f.i32(0).set(zero)
  const at = f.local('i32')
  times(f.get(b.workspace()).get(from), row * bytes)
    .op('i32.add')
    .set(at)
  emitBlock(b, {
    grouped,
    spans: [
      { start: from, count: to, unit: 1 },
      { start: zero, count: row, unit: row },
    ],
    into: { expr: exprOf(w), place: { at, strides: [row * bytes, bytes] } },
  })
  f.release(from, to, zero, at)
}

function exprOf(view: View): number {
  return view.kind === 'computed' ? view.expr : 0
}

/** Copies weights so that what a channel's gradient reads is side by side: grid by grid, channel, filter, tap. */
function turnWeights(
  b: PhaseBuilder,
  w: View,
  { groups, channels, filters, taps }: ConvShape,
  grids: readonly InputGrid[],
  bytes: number,
): void {
  const { f } = b
  const wide = asPlane(w)
  const grouped = regroup(elementsOf(wide), [], [[0], [1], [2], [3]])
  const [from, count] = partOf(f, b, channels)
  f.get(count).get(from).op('i32.sub').set(count)
  const [g, first, at, ky, kx] = [1, 2, 3, 4, 5].map(() => f.local('i32')) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ]
  forRange(f, g, groups, () => {
    times(f.get(g), filters).set(first)
    for (const { grid, kernel } of grids)
      for (const [t, tap] of kernel.entries()) {
        f.i32(tap.y).set(ky).i32(tap.x).set(kx)
        plus(f.get(b.workspace()), (grid.weights + t) * bytes)
        times(f.get(g), channels * filters * taps * bytes).op('i32.add')
        times(f.get(from), grid.weightsRow * bytes)
          .op('i32.add')
          .set(at)
        emitBlock(b, {
          grouped,
          spans: [
            { start: first, count: filters, unit: 1 },
            { start: from, count, unit: 1 },
            { start: ky, count: 1, unit: 1 },
            { start: kx, count: 1, unit: 1 },
          ],
          into: {
            expr: exprOf(w),
            place: { at, strides: [kernel.length * bytes, grid.weightsRow * bytes, 0, 0] },
          },
          axis: grouped.groups[1]![0] ?? grouped.elements.domain.length - 1,
        })
      }
  })
  f.release(from, count, g, first, at, ky, kx)
}
