import type { Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { emitBlock, type Span } from './block.ts'
import { plus, plusIndex, times } from './emit.ts'
import type { Lane } from './lane.ts'
import { innerStride, type Matrix, matrixOf } from './matrix.ts'
import { panelPacker } from './pack.ts'
import { asPlane, elementsOf, type View } from './views.ts'

/**
 * The cotangent `[N, F, ...O]` of a weight gradient: images, filters, positions. Positions that are not one stride
 * apart from each other are read as if they were computed.
 */
export function cotangentOf(source: View): Matrix {
  const view = asPlane(source)
  const steps = { free: 1, deep: 16 }
  const matrix = matrixOf(view, [0], [1], [2, 3], steps)
  if (matrix.kind === 'computed' || matrix.deep.length === 1) return matrix
  const { dtype, shape } = view
  return matrixOf(
    { kind: 'computed', dtype, shape, elements: elementsOf(view), expr: 0 },
    [0],
    [1],
    [2, 3],
    steps,
  )
}

/** Some filters at some positions of an image. */
export interface CotangentPanel {
  readonly image: Local
  /** First filter among all, and how many. */
  readonly filter: Local
  readonly width: number
  readonly vectors: number
  readonly positions: Span & { readonly count: Local }
  /** Where the panel goes: position by position, filters side by side. */
  readonly to: Local
}

/** Turns rows of positions into columns. */
export function readyCotangent(
  b: PhaseBuilder,
  { cotangent, lane }: { readonly cotangent: Matrix; readonly lane: Lane },
  { image, filter, width, vectors, positions, to }: CotangentPanel,
): void {
  const { f } = b
  if (cotangent.kind === 'computed') {
    emitBlock(b, {
      grouped: cotangent.grouped,
      spans: [{ start: image, count: 1, unit: 1 }, { start: filter, count: width, unit: 1 }, positions],
      into: { expr: cotangent.expr, place: { at: to, strides: [0, lane.bytes, 16 * vectors] } },
      axis: cotangent.axis,
    })
    return
  }
  const { deep, free, batch, operand, offset } = cotangent
  const packer = panelPacker(b, { lane, vectors, width, column: innerStride(free), deep })
  f.get(to)
  plusIndex(plus(f.get(b.arg(operand)), offset), image, batch)
  times(f.get(filter), innerStride(free)).op('i32.add')
  times(f.get(positions.start), innerStride(deep)).op('i32.add')
  f.get(positions.count).call(packer)
}
