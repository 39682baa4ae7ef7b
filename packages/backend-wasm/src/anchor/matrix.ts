import { bestAxis, workOf } from './block.ts'
import { type Axis, merged } from './emit.ts'
import { type Grouped, regroup } from './groups.ts'
import type { View } from './views.ts'

/** One operand of a product as a batch of matrices, free by deep: each a list of axes, walked in row-major order. */
export interface StoredMatrix {
  readonly kind: 'stored'
  readonly operand: number
  /** Bytes from the start of the operand to the first element. */
  readonly offset: number
  readonly batch: readonly Axis[]
  readonly free: readonly Axis[]
  readonly deep: readonly Axis[]
}

/** A batch of matrices to be computed: its axes in the groups batch, free, deep. */
export interface ComputedMatrix {
  readonly kind: 'computed'
  readonly grouped: Grouped
  readonly expr: number
  /** The axis that vectors lie along, and whether it is a deep one. */
  readonly axis: number
  readonly alongDeep: boolean
  /** Cost of an element, about in cycles. */
  readonly work: number
}

export type Matrix = StoredMatrix | ComputedMatrix

/** Elements between neighbours, along free and along deep axes, where a computed matrix is written. */
export interface WriteSteps {
  readonly free: number
  readonly deep: number
}

/** A view as matrices over the given groups of its axes. */
export function matrixOf(
  view: View,
  batch: readonly number[],
  free: readonly number[],
  deep: readonly number[],
  steps: WriteSteps,
): Matrix {
  if (view.kind === 'computed') {
    const grouped = regroup(view.elements, [], [batch, free, deep])
    const step = (group: number): number => (group === 1 ? steps.free : steps.deep)
    const axis = bestAxis(grouped, { expr: view.expr, among: [1, 2], step })
    return {
      kind: 'computed',
      grouped,
      expr: view.expr,
      axis,
      alongDeep: grouped.groups[2]!.includes(axis),
      work: workOf(view.elements.exprs),
    }
  }
  const axes = (list: readonly number[]): Axis[] =>
    list.map(a => ({ size: view.shape[a]!, stride: view.strides[a]! }))
  return {
    kind: 'stored',
    operand: view.operand,
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
