import { AttrError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import type { Type } from '../../type.ts'
import { integers } from '../define.ts'

/** `before[a]` and `after[a]` copies of `value` around axis `a`. */
export const pad: OpDef<{ before: readonly number[]; after: readonly number[]; value: number }> = {
  name: 'pad',
  kind: 'movement',
  arity: 1,
  infer([x], attrs) {
    const { dtype, shape } = x as Type
    const before = integers(attrs, 'before')
    const after = integers(attrs, 'after')
    if (before.length !== shape.length || after.length !== shape.length)
      throw new AttrError('before and after name every axis', { expected: `${shape.length} entries each` })
    if (typeof attrs.value !== 'number')
      throw new AttrError('the fill is wrong', { expected: 'a number', got: JSON.stringify(attrs.value) })
    return [{ dtype, shape: shape.map((d, a) => d + (before[a] as number) + (after[a] as number)) }]
  },
  flops: () => 0,
  recompute: 'cheap',
  derivative: {
    kind: 'rule',
    jvp: ([t], { attrs }) => [(t as Value).pad(attrs.before, attrs.after)],
    vjp([ct], { attrs }) {
      const { shape } = ct as Value
      return [
        (ct as Value).slice(
          attrs.before,
          shape.map((d, a) => d - (attrs.after[a] as number)),
        ),
      ]
    },
  },
}
