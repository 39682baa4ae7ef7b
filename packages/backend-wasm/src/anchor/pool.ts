import { type AnchorNest, inPlacePairs, type Kernel } from '@stint/engine'
import { dtypeBytes, type Padding, type Type } from '@stint/graph'
import type { Local } from '../asm/index.ts'
import type { DesignContext, KernelDesign, PhaseBuilder } from '../design.ts'
import { emitBlock } from './block.ts'
import { anchorCost } from './cost.ts'
import { bareResult, epilogueOf, pushPart } from './dot.ts'
import { cap, forRange, locals, plus, times } from './emit.ts'
import type { Grouped } from './groups.ts'
import { clearImage, type Image, imageOf, type Reach, readyImage } from './image.ts'
import { type Lane, laneOf } from './lane.ts'
import { emitForward } from './pool-forward.ts'
import { emitScatter, isPartition } from './pool-scatter.ts'
import { viewOf } from './views.ts'

type PoolOp = 'maxPool' | 'sumPool' | 'maxPoolGather' | 'maxPoolScatter' | 'sumUnpool'

/** One spatial axis: window `o` covers `o·stride − before` to before that + `window`. */
export interface PoolAxis {
  readonly size: number
  readonly window: number
  readonly places: number
  readonly stride: number
  readonly before: number
}

/** Some channels of one image, where a phase works: addresses in locals. */
export interface PoolPlaces {
  readonly b: PhaseBuilder
  readonly plan: PoolPlan
  /** Sources, at the first row and column of the first channel. */
  readonly sources: readonly Local[]
  readonly out: Local
  readonly channels: Local
  /** f64 sums of one plane, for windows that overlap. */
  readonly sums: Local
}

export interface PoolPlan {
  readonly op: PoolOp
  readonly lane: Lane
  readonly y: PoolAxis
  readonly x: PoolAxis
  readonly images: number
  readonly channels: number
  /** Channels that an item does. */
  readonly chunk: number
  readonly chunks: number
  readonly sources: readonly Image[]
  readonly sourcesAt: readonly number[]
  readonly outAt: number
  readonly sumsAt: number
  readonly partBytes: number
  /** Elements of a plane of the result. */
  readonly places: number
}

/** Images in the workspace stay below about so many bytes. */
const chunkBytes = 32768

/** Windows over `[N, C, ...S]`: pooling and its derivatives. */
export function designPool(kernel: Kernel, nest: AnchorNest, { target }: DesignContext): KernelDesign {
  const result = bareResult(nest)
  const plan = planPool(kernel, nest, result !== null, target.threads)
  const [{ shape }] = nest.node.types as [Type]
  const epilogue = epilogueOf(nest, [[0], [1], shape.slice(2).map((_, i) => i + 2)])
  const first = kernel.operands.length
  return {
    operandAlign: kernel.operands.map(t => dtypeBytes(t.dtype)),
    variants: [
      {
        workspaceBytes: plan.partBytes * target.threads,
        cost: anchorCost(
          kernel,
          nest,
          target.costs,
          coreTime(plan),
          plan.sources.map(({ view }) => ({ view, times: 1 })),
        ),
        inPlace: inPlacePairs(kernel, nest),
        phases: [b => emitPool(b, plan, epilogue, first, result)],
      },
    ],
  }
}

/** ns of the windows' elements, one by one where windows overlap on the way back. */
function coreTime(plan: PoolPlan): number {
  const { op, images, channels, y, x } = plan
  const windows = images * channels * y.places * x.places
  const back = op === 'maxPoolScatter' || op === 'sumUnpool'
  const each = !back ? 0.15 : isPartition(plan) ? 0.3 : 3
  return windows * y.window * x.window * each
}

function planPool(kernel: Kernel, nest: AnchorNest, bare: boolean, threads: number): PoolPlan {
  const op = nest.node.op as PoolOp
  const views = nest.sources.map(s => viewOf(kernel, s))
  const [result] = nest.node.types as [Type]
  const wide = op === 'sumUnpool' ? result.shape : views[0]!.shape
  const narrow = op === 'maxPoolScatter' || op === 'sumUnpool' ? views[views.length - 1]!.shape : result.shape
  const { window, stride, padding } = nest.node.attrs as unknown as {
    window: readonly number[]
    stride: readonly number[]
    padding: Padding
  }
  const axis = (a: number): PoolAxis => ({
    size: wide[2 + a]!,
    window: window[a]!,
    places: narrow[2 + a]!,
    stride: stride[a]!,
    before: padding[a]![0],
  })
  const point: PoolAxis = { size: 1, window: 1, places: 1, stride: 1, before: 0 }
  const [y, x] = wide.length === 3 ? [point, axis(0)] : [axis(0), axis(1)]
  const [images, channels] = wide as [number, number]
  const lane = laneOf(result.dtype)
  const biggest = Math.max(y.size * x.size, y.places * x.places) * lane.bytes
  const wanted = threads === 1 ? 1 : Math.ceil((4 * threads) / images)
  const chunk = Math.min(Math.ceil(channels / wanted), Math.max(1, Math.floor(chunkBytes / biggest)))
  const sources = views.map((view, i) => {
    const isNarrow = (op === 'maxPoolScatter' && i === 1) || op === 'sumUnpool'
    const [height, width] = isNarrow ? [y.places, x.places] : [y.size, x.size]
    const padded = op === 'maxPool' || op === 'sumPool'
    const reach = (a: PoolAxis, size: number): Reach =>
      padded ? { first: -a.before, count: (a.places - 1) * a.stride + a.window } : { first: 0, count: size }
    const [ry, rx] = [reach(y, height), reach(x, width)]
    return imageOf(view, lane, { y: height, x: width }, ry, ry, rx, chunk)
  })
  const align = (bytes: number): number => Math.ceil(bytes / 64) * 64
  let at = 0
  const sourcesAt = sources.map(s => {
    at += align(s.bytes)
    return at - align(s.bytes)
  })
  const places = result.shape.slice(2).reduce((n, d) => n * d, 1)
  const outAt = at
  if (!bare) at += align(chunk * places * lane.bytes)
  const sumsAt = at
  if ((op === 'maxPoolScatter' || op === 'sumUnpool') && !isPartition({ y, x })) at += align(places * 8)
  return {
    op,
    lane,
    y,
    x,
    images,
    channels,
    chunk,
    chunks: Math.ceil(channels / chunk),
    sources,
    sourcesAt,
    outAt,
    sumsAt,
    partBytes: at,
    places,
  }
}

function emitPool(
  b: PhaseBuilder,
  plan: PoolPlan,
  epilogue: Grouped,
  firstResult: number,
  result: number | null,
): void {
  const { f, part, parts } = b
  const { op, images, channels, chunk, chunks, sources, sourcesAt, outAt, sumsAt, places, lane } = plan
  const local = (): Local => f.local('i32')
  const [work, item, end, n, channel, count, out, sums, zero] = locals(f, 9)
  const buffers = sources.map(local)
  const ats = sources.map(local)
  pushPart(b, plan.partBytes)
  f.set(work)
  plus(f.get(work), sumsAt).set(sums)
  for (const [i, source] of sources.entries()) {
    plus(f.get(work), sourcesAt[i]!).set(buffers[i]!)
    clearImage(b, source, buffers[i]!, op === 'maxPool' ? Number.NEGATIVE_INFINITY : 0)
  }
  const items = images * chunks
  f.get(part).i32(items).op('i32.mul').get(parts).op('i32.div_u').set(item)
  f.get(part).i32(1).op('i32.add').i32(items).op('i32.mul').get(parts).op('i32.div_u').set(end)
  forRange(
    f,
    item,
    end,
    () => {
      f.get(item).i32(chunks).op('i32.div_u').set(n)
      times(f.get(item).i32(chunks).op('i32.rem_u'), chunk).set(channel)
      f.i32(channels).get(channel).op('i32.sub').set(count)
      cap(f, count, chunk)
      for (const [i, source] of sources.entries())
        readyImage(b, source, { image: n, channel, channels: count }, buffers[i]!, ats[i]!)
      if (result === null) plus(f.get(work), outAt).set(out)
      else {
        f.get(b.arg(firstResult + result))
        times(times(f.get(n), channels).get(channel).op('i32.add'), places * lane.bytes)
        f.op('i32.add').set(out)
      }
      const at: PoolPlaces = { b, plan, sources: ats, out, channels: count, sums }
      if (op === 'maxPoolScatter' || op === 'sumUnpool') emitScatter(at)
      else emitForward(at)
      if (result !== null) return
      f.i32(0).set(zero)
      emitBlock(b, {
        grouped: epilogue,
        spans: [
          { start: n, count: 1, unit: 1 },
          { start: channel, count, unit: 1 },
          { start: zero, count: places, unit: places },
        ],
        anchor: { at: out, strides: [0, places * lane.bytes, lane.bytes] },
        firstResult,
      })
    },
    { from: item },
  )
  f.release(work, item, end, n, channel, count, out, sums, zero, ...buffers, ...ats)
}
