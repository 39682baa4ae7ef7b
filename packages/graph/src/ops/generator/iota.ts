import { isDType } from '../../dtype.ts'
import { AttrError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import { axes, integers } from '../define.ts'

/** The index along `axis`: 0, 1, 2 … */
export const iota: OpDef<{ dtype: string; shape: readonly number[]; axis: number }> = {
  name: 'iota',
  kind: 'generator',
  arity: 0,
  infer(_, attrs) {
    if (!isDType(attrs.dtype)) throw new AttrError(`'${attrs.dtype}' is not a dtype`)
    const shape = integers(attrs, 'shape')
    axes({ axis: [attrs.axis] }, 'axis', shape.length)
    return [{ dtype: attrs.dtype, shape }]
  },
  flops: () => 0,
  recompute: 'cheap',
  derivative: { kind: 'none' },
}
