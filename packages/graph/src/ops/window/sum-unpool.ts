import type { OpDef } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import type { Type } from '../../type.ts'
import { perAxis, spatialOf } from '../spatial.ts'
import { likeWindowed, type WindowAttrs, windowFlops } from './window-shape.ts'

/**
 * Each element of `ct` to every place of its window: the transpose of `sumPool`. `ct [N, C, ...O]` →
 * `[N, C, ...size]`. A place in several windows adds up theirs in f64, in row-major order of the windows, and rounds
 * once.
 */
export const sumUnpool: OpDef<WindowAttrs & { readonly size: readonly number[] }> = {
  name: 'sumUnpool',
  kind: 'anchor',
  arity: 1,
  prologue: [true],
  infer([y], attrs) {
    const ct = y as Type
    const size = perAxis(attrs, 'size', spatialOf(ct, 'ct [N, C, ...O]').length, 1)
    const x: Type = { dtype: ct.dtype, shape: [...ct.shape.slice(0, 2), ...size] }
    likeWindowed(x, attrs, ct)
    return [x]
  },
  flops: ([ct], _, attrs) => windowFlops(ct as Type, attrs),
  recompute: 'costly',
  derivative: {
    kind: 'linear',
    operands: [0],
    transpose: (u, _, { attrs: { window, stride, padding } }) =>
      emit('sumPool', { window, stride, padding }, u),
  },
}
