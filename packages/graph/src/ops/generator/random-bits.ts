import { AttrError, ShapeError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import { showType, sizeOf, type Type } from '../../type.ts'
import { integer, integers } from '../define.ts'

/**
 * Random 32-bit integers from the counter-based generator of `random/`: element `i` depends on the seed, the step
 * (inputs, `i32[]` scalars), the 64-bit key of the layer path, which call of the layer, and `i` alone.
 */
export const randomBits: OpDef<{ key: readonly number[]; call: number; shape: readonly number[] }> = {
  name: 'randomBits',
  kind: 'generator',
  arity: 2,
  infer(inputs, attrs) {
    for (const t of inputs as readonly Type[])
      if (t.dtype !== 'i32' || t.shape.length !== 0)
        throw new ShapeError('seed and step are scalars', { expected: 'i32[]', got: showType(t) })
    integer(attrs, 'call')
    if (integers(attrs, 'key').length !== 2) throw new AttrError('the key has two 32-bit words')
    return [{ dtype: 'u32', shape: integers(attrs, 'shape') }]
  },
  flops: (_, results) => 10 * sizeOf((results[0] as Type).shape),
  recompute: 'cheap',
  derivative: { kind: 'none' },
}
