import { AttrError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import type { Type } from '../../type.ts'
import { axes } from '../define.ts'

/** Axis `i` of the result is axis `perm[i]` of the input. */
export const transpose: OpDef<{ perm: readonly number[] }> = {
  name: 'transpose',
  kind: 'movement',
  arity: 1,
  infer([x], attrs) {
    const { dtype, shape } = x as Type
    const perm = axes(attrs, 'perm', shape.length)
    if (perm.length !== shape.length)
      throw new AttrError('the permutation names too few axes', {
        expected: `${shape.length} axes`,
        got: `[${perm.join(',')}]`,
      })
    return [{ dtype, shape: perm.map(a => shape[a] as number) }]
  },
  flops: () => 0,
  recompute: 'cheap',
  derivative: {
    kind: 'linear',
    operands: [0],
    transpose: (ct, _, { attrs: { perm } }) => ct.transpose(perm.map((_, i) => perm.indexOf(i))),
  },
}
