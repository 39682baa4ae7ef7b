import { emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import { type Pads, type PerAxis, pads, perAxis, spatialRank } from './convolution.ts'

export interface PoolOptions {
  readonly window: PerAxis
  /** The window where not given: windows side by side. */
  readonly stride?: PerAxis
  /** Less than the window. */
  readonly padding?: Pads
}

/**
 * The largest element of each window: `x [N, C, ...S]` → `[N, C, ...O]`. Padding counts as −∞; of equal elements the
 * first takes the derivative.
 *
 * @example
 * const y = maxPool(x, { window: 2 })
 */
export const maxPool = (x: Value, options: PoolOptions): Value => pool('maxPool', x, options)

/** The sum of each window: `x [N, C, ...S]` → `[N, C, ...O]`. Padding counts as 0. */
export const sumPool = (x: Value, options: PoolOptions): Value => pool('sumPool', x, options)

function pool(op: 'maxPool' | 'sumPool', x: Value, { window, stride, padding }: PoolOptions): Value {
  const rank = spatialRank(op, x)
  const size = perAxis(op, 'window', window, rank)
  const attrs = {
    window: size,
    stride: perAxis(op, 'stride', stride ?? size, rank),
    padding: pads(op, padding ?? 0, rank),
  }
  return emit(op, attrs, x)
}
