import { full, maxPool, sumPool, type Value } from '@stint/graph'
import type { Module } from '../module.ts'
import { type Pair, pair } from './conv2d.ts'

export interface Pool2dOptions {
  /** The window's own size unless given: windows side by side. */
  readonly stride?: Pair
  readonly padding?: Pair
}

/** Largest element of each window: x [N, C, H, W] → [N, C, H', W']; padding counts as −∞, the first of equals gets the gradient. */
export function maxPool2d(window: Pair, options: Pool2dOptions = {}): Module {
  const attrs = windowAttrs(window, options)
  return { kind: 'maxPool2d', forward: (_, x) => maxPool(x, attrs) }
}

/** Mean of each window; padding counts as zero, and in the divisor unless `countIncludePad` is false. */
export function avgPool2d(
  window: Pair,
  options: Pool2dOptions & { readonly countIncludePad?: boolean } = {},
): Module {
  const attrs = windowAttrs(window, options)
  const [h, w] = pair(window)
  return {
    kind: 'avgPool2d',
    forward(_, x) {
      const total = sumPool(x, attrs)
      if (options.countIncludePad ?? true) return total.div(h * w)
      return total.div(sumPool(ones(x), attrs))
    },
  }
}

/** Mean over height and width: x [N, C, H, W] → [N, C]. */
export function globalAvgPool2d(): Module {
  return { kind: 'globalAvgPool2d', forward: (_, x) => x.mean([2, 3]) }
}

function ones(x: Value): Value {
  return full(1, x.dtype, [1, 1, ...x.shape.slice(2)])
}

function windowAttrs(
  window: Pair,
  { stride = window, padding = 0 }: Pool2dOptions,
): { window: readonly number[]; stride: readonly number[]; padding: readonly (readonly [number, number])[] } {
  return { window: pair(window), stride: pair(stride), padding: pair(padding).map(p => [p, p] as const) }
}
