import { DTypeError, ShapeError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { sameShape, showType, sizeOf, type Type } from '../../type.ts'

/** The second input where the first (bool) holds, else the third. Linear in both; none in the condition. */
export const where: OpDef = {
  name: 'where',
  kind: 'elementwise',
  arity: 3,
  infer(inputs) {
    const [condition, a, b] = inputs as [Type, Type, Type]
    if (condition.dtype !== 'bool')
      throw new DTypeError('the condition is not a bool', {
        expected: 'bool',
        got: showType(condition),
        hint: 'Compare first, as in x.gt(0).where(a, b).',
      })
    if (a.dtype !== b.dtype)
      throw new DTypeError('the sides differ in dtype', {
        expected: showType(a),
        got: showType(b),
        hint: 'Convert one with cast().',
      })
    for (const t of [condition, b])
      if (!sameShape(t.shape, a.shape))
        throw new ShapeError('operands differ in shape', { expected: showType(a), got: showType(t) })
    return [a]
  },
  flops: (_, [y]) => sizeOf((y as Type).shape),
  recompute: 'cheap',
  derivative: {
    kind: 'elementwise',
    partials: [
      null,
      (t, { inputs: [condition] }) => (condition as Value).where(t, 0),
      (t, { inputs: [condition] }) => (condition as Value).where(0, t),
    ],
  },
  scalar: (condition, a, b) => (condition !== 0 ? (a as number) : (b as number)),
}
