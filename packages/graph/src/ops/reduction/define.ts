import { DTypeError, ShapeError } from '../../errors.ts'
import type { Derivative, OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { showType, sizeOf, type Type } from '../../type.ts'
import { axes } from '../define.ts'

export type ReductionAttrs = { axes: readonly number[] }

/** Builds a reduction over `axes`, which disappear from the shape. */
export function reduction(
  name: string,
  takes: 'number' | 'float',
  derivative: Derivative<ReductionAttrs>,
): OpDef<ReductionAttrs> {
  return {
    name,
    kind: 'reduction',
    arity: 1,
    infer([x], attrs) {
      const type = x as Type
      if (type.dtype === 'bool')
        throw new DTypeError('does not take this dtype', {
          expected: takes,
          got: type.dtype,
          hint: 'Cast it first.',
        })
      const over = new Set(axes(attrs, 'axes', type.shape.length))
      if (name !== 'sum' && name !== 'prod' && [...over].some(a => type.shape[a] === 0))
        throw new ShapeError('an empty axis has no extreme', { got: showType(type) })
      return [{ dtype: type.dtype, shape: type.shape.filter((_, a) => !over.has(a)) }]
    },
    flops: ([x]) => sizeOf((x as Type).shape),
    recompute: 'costly',
    derivative,
  }
}

/** Repeats a reduced value along the axes that were reduced. */
export function restore(reduced: Value, like: Value, over: readonly number[]): Value {
  const gone = new Set(over)
  return reduced.broadcast(
    like.shape,
    like.shape.map((_, a) => a).filter(a => !gone.has(a)),
  )
}

/** The derivative of an extreme: shared evenly by all elements that equal it. */
export const extremeDerivative: Derivative<ReductionAttrs> = {
  kind: 'rule',
  jvp([t], at) {
    const { share } = shares(at.inputs[0] as Value, at.result, at.attrs.axes)
    return [(t as Value).mul(share).sum(at.attrs.axes)]
  },
  vjp([ct], at) {
    const x = at.inputs[0] as Value
    const { share } = shares(x, at.result, at.attrs.axes)
    return [restore(ct as Value, x, at.attrs.axes).mul(share)]
  },
}

function shares(x: Value, result: Value, over: readonly number[]): { share: Value } {
  const equal = x.eq(restore(result, x, over)).cast(x.dtype)
  return { share: equal.div(restore(equal.sum(over), x, over)) }
}
