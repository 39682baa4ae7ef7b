import { DTypeError, ShapeError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { showType, type Type } from '../../type.ts'
import { axes } from '../define.ts'

/** The inputs one after the other along `axis`. */
export const concat: OpDef<{ axis: number }> = {
  name: 'concat',
  kind: 'movement',
  arity: [1, Number.POSITIVE_INFINITY],
  infer(inputs, { axis }) {
    const first = inputs[0] as Type
    axes({ axis: [axis] }, 'axis', first.shape.length)
    let total = 0
    for (const t of inputs) {
      if (t.dtype !== first.dtype)
        throw new DTypeError('operands differ in dtype', { expected: showType(first), got: showType(t) })
      if (t.shape.length !== first.shape.length || t.shape.some((d, a) => a !== axis && d !== first.shape[a]))
        throw new ShapeError(`operands differ beside axis ${axis}`, {
          expected: showType(first),
          got: showType(t),
        })
      total += t.shape[axis] as number
    }
    return [{ dtype: first.dtype, shape: first.shape.map((d, a) => (a === axis ? total : d)) }]
  },
  flops: () => 0,
  recompute: 'cheap',
  derivative: {
    kind: 'rule',
    jvp(tangents, { inputs, attrs }) {
      const [first, ...rest] = inputs.map((x, i) => tangents[i] ?? x.zerosLike())
      return [(first as Value).concat(rest, attrs.axis)]
    },
    vjp([ct], { inputs, attrs: { axis } }) {
      let at = 0
      return inputs.map(x => {
        const start = x.shape.map((_, a) => (a === axis ? at : 0))
        at += x.shape[axis] as number
        return (ct as Value).slice(
          start,
          x.shape.map((d, a) => (a === axis ? at : d)),
        )
      })
    },
  },
}
