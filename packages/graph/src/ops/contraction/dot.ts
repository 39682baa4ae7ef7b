import { AttrError, DTypeError, ShapeError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { type Shape, showType, sizeOf, type Type } from '../../type.ts'
import { axes } from '../define.ts'

/** Axes of the left and of the right operand, in pairs. */
export type AxisPairs = readonly [left: readonly number[], right: readonly number[]]
export type DotAttrs = { batch: AxisPairs; contract: AxisPairs }

/**
 * General contraction: result axes are batch axes, then the free axes of the left operand, then those of the right.
 * Products accumulate in f64 over the contracted axes, in the row-major order in which `contract` lists them, and
 * round once.
 */
export const dot: OpDef<DotAttrs> = {
  name: 'dot',
  kind: 'anchor',
  arity: 2,
  prologue: [true, true],
  infer([a, b], attrs) {
    const [left, right] = [a as Type, b as Type]
    if (left.dtype !== right.dtype)
      throw new DTypeError('operands differ in dtype', { expected: showType(left), got: showType(right) })
    if (left.dtype !== 'f32' && left.dtype !== 'f64')
      throw new DTypeError('does not take this dtype', { expected: 'f32 or f64', got: left.dtype })
    for (const kind of ['batch', 'contract'] as const) {
      const [l, r] = pairs(attrs, kind, left, right)
      for (const [i, axis] of l.entries())
        if (left.shape[axis] !== right.shape[r[i] as number])
          throw new ShapeError(`${kind} sizes differ`, {
            expected: `axis ${axis} of ${showType(left)} to match axis ${r[i]} of the right operand`,
            got: showType(right),
          })
    }
    const { freeLeft, freeRight } = dotAxes(attrs, left.shape, right.shape)
    const size = (t: Type, list: readonly number[]) => list.map(x => t.shape[x] as number)
    const shape = [...size(left, attrs.batch[0]), ...size(left, freeLeft), ...size(right, freeRight)]
    return [{ dtype: left.dtype, shape }]
  },
  flops: ([a], [y], { contract }) =>
    2 *
    sizeOf((y as Type).shape) *
    contract[0].reduce((n, axis) => n * ((a as Type).shape[axis] as number), 1),
  recompute: 'costly',
  derivative: {
    kind: 'linear',
    operands: [0, 1],
    transpose: (ct, operand, { inputs, attrs }) =>
      operand === 0
        ? transposeDot(ct, inputs[0] as Value, inputs[1] as Value, attrs, false)
        : transposeDot(ct, inputs[1] as Value, inputs[0] as Value, attrs, true),
  },
}

function pairs(attrs: DotAttrs, kind: 'batch' | 'contract', left: Type, right: Type): AxisPairs {
  const both = attrs[kind]
  if (!Array.isArray(both) || both.length !== 2 || both[0].length !== both[1].length)
    throw new AttrError(`attribute '${kind}' is wrong`, {
      expected: 'two lists of equal length',
      got: JSON.stringify(both),
    })
  const other = kind === 'batch' ? attrs.contract : attrs.batch
  for (const side of [0, 1] as const) {
    const rank = (side === 0 ? left : right).shape.length
    axes({ axes: [...(both[side] as readonly number[]), ...(other?.[side] ?? [])] }, 'axes', rank)
  }
  return both as unknown as AxisPairs
}

/** The axes of either operand that are neither batch nor contracted, in order. */
export function dotAxes(
  { batch, contract }: DotAttrs,
  left: Shape,
  right: Shape,
): { freeLeft: number[]; freeRight: number[] } {
  const free = (shape: Shape, side: 0 | 1) =>
    shape.map((_, a) => a).filter(a => !batch[side].includes(a) && !contract[side].includes(a))
  return { freeLeft: free(left, 0), freeRight: free(right, 1) }
}

/** Cotangent of `x`, the operand on one side, given `other`: contract over the free axes of `other`, then put axes back. */
function transposeDot(ct: Value, x: Value, other: Value, attrs: DotAttrs, swapped: boolean): Value {
  const [mine, its] = swapped ? ([1, 0] as const) : ([0, 1] as const)
  const batch = attrs.batch[0].length
  const [l, r] = swapped ? [other, x] : [x, other]
  const { freeLeft, freeRight } = dotAxes(attrs, l.shape, r.shape)
  const [myFree, itsFree] = swapped ? [freeRight, freeLeft] : [freeLeft, freeRight]
  // Axes of ct: batch, free of left, free of right.
  const ctFree = (start: number, n: number) => Array.from({ length: n }, (_, i) => start + i)
  const ctOther = swapped ? ctFree(batch, itsFree.length) : ctFree(batch + myFree.length, itsFree.length)
  const product = ct.dot(other, {
    batch: [ctFree(0, batch), attrs.batch[its]],
    contract: [ctOther, itsFree],
  })
  // Axes of product: batch, my free axes, then the contracted axes in the order of `other`.
  const contractedOf = attrs.contract[its].map((axis, i) => ({
    axis,
    mine: attrs.contract[mine][i] as number,
  }))
  contractedOf.sort((p, q) => p.axis - q.axis)
  const at = [...attrs.batch[mine], ...myFree, ...contractedOf.map(p => p.mine)]
  return product.transpose(at.map((_, i) => at.indexOf(i)))
}
