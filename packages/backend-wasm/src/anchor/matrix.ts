import { type Axis, countOf, merged } from './emit.ts'
import type { StridedView } from './views.ts'

/** One operand of a product as a batch of matrices, free by deep: each a list of axes, walked in row-major order. */
export interface Matrix {
  /** Bytes from the start of the operand to the first element. */
  readonly offset: number
  readonly batch: readonly Axis[]
  readonly free: readonly Axis[]
  readonly deep: readonly Axis[]
}

/** A view as matrices over the given groups of its axes. */
export function matrixOf(
  view: StridedView,
  batch: readonly number[],
  free: readonly number[],
  deep: readonly number[],
): Matrix {
  const axes = (list: readonly number[]): Axis[] =>
    list.map(a => ({ size: view.shape[a]!, stride: view.strides[a]! }))
  return {
    offset: view.offset,
    batch: merged(axes(batch)),
    free: orPoint(merged(axes(free))),
    deep: orPoint(merged(axes(deep))),
  }
}

/** At least one axis. */
function orPoint(axes: Axis[]): Axis[] {
  return axes.length > 0 ? axes : [{ size: 1, stride: 0 }]
}

/** True if groups of `by` neighbouring indices, from multiples of `by` on, are one stride apart from each other. */
export function runsOf(axes: readonly Axis[], by: number): boolean {
  return axes.length === 1 || axes[axes.length - 1]!.size % by === 0
}

export function innerStride(axes: readonly Axis[]): number {
  return axes[axes.length - 1]!.stride
}

export { countOf }
