import type { OpDef } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import type { Value } from '../../trace/value.ts'
import type { Type } from '../../type.ts'
import { type WindowAttrs, windowed, windowFlops } from './window-shape.ts'

/**
 * The largest element of each window: `x [N, C, ...S]` → `[N, C, ...O]`. Padding counts as −∞, NaN is the largest,
 * and the derivative belongs to the first maximum in row-major order of the window.
 */
export const maxPool: OpDef<WindowAttrs> = {
  name: 'maxPool',
  kind: 'anchor',
  arity: 1,
  prologue: [true],
  infer: ([x], attrs) => [windowed(x as Type, attrs)],
  flops: (_, [y], attrs) => windowFlops(y as Type, attrs),
  recompute: 'costly',
  derivative: {
    kind: 'rule',
    jvp: ([t], { inputs: [x], attrs }) => [emit('maxPoolGather', attrs, x as Value, t as Value)],
    vjp: ([ct], { inputs: [x], attrs }) => [emit('maxPoolScatter', attrs, x as Value, ct as Value)],
  },
}
