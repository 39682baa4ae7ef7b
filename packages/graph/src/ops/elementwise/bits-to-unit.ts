import { DTypeError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import { sizeOf, type Type } from '../../type.ts'

/**
 * Random bits (u32) to f32 numbers in [0, 1): the upper 24 bits over 2²⁴, so that all of them are equally likely and
 * exact. No derivative.
 */
export const bitsToUnit: OpDef = {
  name: 'bitsToUnit',
  kind: 'elementwise',
  arity: 1,
  infer([x]) {
    const { dtype, shape } = x as Type
    if (dtype !== 'u32') throw new DTypeError('does not take this dtype', { expected: 'u32', got: dtype })
    return [{ dtype: 'f32', shape }]
  },
  flops: (_, [y]) => 2 * sizeOf((y as Type).shape),
  recompute: 'cheap',
  derivative: { kind: 'none' },
  scalar: bits => ((bits as number) >>> 8) / 16777216,
}
