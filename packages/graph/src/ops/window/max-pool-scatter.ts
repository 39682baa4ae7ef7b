import type { OpDef } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import type { Value } from '../../trace/value.ts'
import type { Type } from '../../type.ts'
import { likeWindowed, type WindowAttrs, windowFlops } from './window-shape.ts'

/**
 * Each element of `ct` to the place where `x` is largest in its window (the first such, NaN the largest), zero
 * elsewhere: the cotangent of `maxPool`. `x [N, C, ...S]`, `ct [N, C, ...O]` → `[N, C, ...S]`; linear in `ct`.
 *
 * An element that is the largest of several windows adds up theirs in f64, in row-major order of the windows, and
 * rounds once.
 */
export const maxPoolScatter: OpDef<WindowAttrs> = {
  name: 'maxPoolScatter',
  kind: 'anchor',
  arity: 2,
  prologue: [true, true],
  infer([x, ct], attrs) {
    likeWindowed(x as Type, attrs, ct as Type)
    return [x as Type]
  },
  flops: ([, ct], _, attrs) => windowFlops(ct as Type, attrs),
  recompute: 'costly',
  derivative: {
    kind: 'linear',
    operands: [1],
    transpose: (u, _, { inputs: [x], attrs }) => emit('maxPoolGather', attrs, x as Value, u),
  },
}
