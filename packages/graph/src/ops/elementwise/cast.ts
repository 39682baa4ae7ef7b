import { type DType, isDType, isFloat } from '../../dtype.ts'
import { AttrError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { sizeOf, type Type } from '../../type.ts'

/**
 * Converts to another dtype. Float to integer truncates towards zero and wraps modulo 2³² (2⁸ for u8), as a store in
 * a typed array does; NaN and ±∞ become 0. To bool is `x ≠ 0`, true for NaN. To a float rounds to nearest. Linear
 * from float to float; no derivative where either side is not a float.
 */
export const cast: OpDef<{ dtype: DType }> = {
  name: 'cast',
  kind: 'elementwise',
  arity: 1,
  infer([x], { dtype }) {
    if (!isDType(dtype)) throw new AttrError(`'${String(dtype)}' is not a dtype`)
    return [{ dtype, shape: (x as Type).shape }]
  },
  flops: (_, [y]) => sizeOf((y as Type).shape),
  recompute: 'cheap',
  derivative: {
    kind: 'rule',
    jvp: ([t], { inputs: [x], attrs }) => [
      smooth(x as Value, attrs.dtype) ? (t as Value).cast(attrs.dtype) : null,
    ],
    vjp: ([ct], { inputs: [x], attrs }) => [
      smooth(x as Value, attrs.dtype) ? (ct as Value).cast((x as Value).dtype) : null,
    ],
  },
  // The store does the conversion.
  scalar: x => x as number,
}

function smooth(x: Value, to: DType): boolean {
  return isFloat(x.dtype) && isFloat(to)
}
