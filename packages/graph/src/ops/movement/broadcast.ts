import { AttrError, ShapeError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import { showType, type Type } from '../../type.ts'
import { axes, integers } from '../define.ts'

/**
 * Axis `i` of the input becomes axis `axes[i]` of the result (increasing); it has that size, or size 1 and is
 * repeated. The other axes of `shape` are new.
 */
export const broadcast: OpDef<{ shape: readonly number[]; axes: readonly number[] }> = {
  name: 'broadcast',
  kind: 'movement',
  arity: 1,
  infer([x], attrs) {
    const { dtype, shape } = x as Type
    const to = integers(attrs, 'shape')
    const at = axes(attrs, 'axes', to.length)
    if (at.length !== shape.length || at.some((a, i) => i > 0 && a <= (at[i - 1] as number)))
      throw new AttrError('axes do not place every axis of the input, in order', {
        expected: `${shape.length} increasing axes`,
        got: `[${at.join(',')}]`,
      })
    for (const [i, d] of shape.entries())
      if (d !== 1 && d !== to[at[i] as number])
        throw new ShapeError(`axis ${i} cannot be repeated`, {
          expected: `size 1 or ${to[at[i] as number]}`,
          got: showType({ dtype, shape }),
        })
    return [{ dtype, shape: to }]
  },
  flops: () => 0,
  recompute: 'cheap',
  derivative: {
    kind: 'linear',
    operands: [0],
    transpose(ct, _, { inputs: [x], attrs }) {
      const { shape } = x as { shape: readonly number[] }
      const kept = new Set(attrs.axes.filter((a, i) => shape[i] === attrs.shape[a]))
      const summed = attrs.shape.map((_, a) => a).filter(a => !kept.has(a))
      return ct.sum(summed).reshape(shape)
    },
  },
}
