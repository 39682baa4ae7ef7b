import { isDType } from '../../dtype.ts'
import { AttrError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import { integers } from '../define.ts'

/** One number everywhere. */
export const full: OpDef<{ value: number; dtype: string; shape: readonly number[] }> = {
  name: 'full',
  kind: 'generator',
  arity: 0,
  infer(_, attrs) {
    const { dtype, value } = attrs
    if (!isDType(dtype)) throw new AttrError(`'${dtype}' is not a dtype`)
    if (typeof value !== 'number')
      throw new AttrError('the fill is wrong', { expected: 'a number', got: JSON.stringify(value) })
    return [{ dtype, shape: integers(attrs, 'shape') }]
  },
  flops: () => 0,
  recompute: 'cheap',
  derivative: { kind: 'none' },
}
