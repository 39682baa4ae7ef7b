import type { OpDef } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import type { Value } from '../../trace/value.ts'
import type { Type } from '../../type.ts'
import { type WindowAttrs, windowed, windowFlops } from './window-shape.ts'

/**
 * The sum of each window: `x [N, C, ...S]` → `[N, C, ...O]`. Elements accumulate in f64, in row-major order of
 * the window, and round once; positions in the padding are skipped.
 */
export const sumPool: OpDef<WindowAttrs> = {
  name: 'sumPool',
  kind: 'anchor',
  arity: 1,
  prologue: [true],
  infer: ([x], attrs) => [windowed(x as Type, attrs)],
  flops: (_, [y], attrs) => windowFlops(y as Type, attrs),
  recompute: 'costly',
  derivative: {
    kind: 'linear',
    operands: [0],
    transpose: (ct, _, { inputs: [x], attrs }) =>
      emit('sumUnpool', { ...attrs, size: (x as Value).shape.slice(2) }, ct),
  },
}
