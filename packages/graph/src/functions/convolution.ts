import { AttrError, ShapeError } from '../errors.ts'
import { current, emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import { showType } from '../type.ts'

/** One number for every spatial axis, or one for each. */
export type PerAxis = number | readonly number[]
/** Elements added around spatial axes: as many everywhere, as many on both ends of each, or `[before, after]` of each. */
export type Pads = number | readonly (number | readonly [before: number, after: number])[]

export interface ConvOptions {
  readonly stride?: PerAxis
  readonly padding?: Pads
  readonly dilation?: PerAxis
  readonly groups?: number
}

/**
 * Convolution (cross-correlation) over one or two spatial axes: `x [N, C, ...S]`, `w [F, C/groups, ...K]` →
 * `[N, F, ...O]`.
 *
 * @example
 * const y = conv(x, w, { stride: 2, padding: 1 })
 */
export function conv(x: Value, w: Value, options: ConvOptions = {}): Value {
  return emit('conv', convAttrs('conv', x, options), x, w)
}

/**
 * The transpose of `conv`, which gives the input of a convolution from its output: `x [N, C, ...S]`,
 * `w [C, F/groups, ...K]` → `[N, F, ...O]` with O = (S − 1)·stride − before − after + dilation·(K − 1) + 1 +
 * outputPadding. `outputPadding` picks among the sizes that a stride maps to one.
 */
export function convTranspose(
  x: Value,
  w: Value,
  options: ConvOptions & { readonly outputPadding?: PerAxis } = {},
): Value {
  const attrs = convAttrs('convTranspose', x, options)
  const extra = perAxis('convTranspose', 'outputPadding', options.outputPadding ?? 0, attrs.stride.length)
  const size = attrs.stride.map((stride, i) => {
    const [before, after] = attrs.padding[i] as readonly [number, number]
    const reach = (attrs.dilation[i] as number) * ((w.shape[i + 2] as number) - 1) + 1
    return ((x.shape[i + 2] as number) - 1) * stride - before - after + reach + (extra[i] as number)
  })
  return emit('convInput', { ...attrs, size }, x, w)
}

function convAttrs(op: string, x: Value, { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvOptions) {
  const rank = spatialRank(op, x)
  return {
    stride: perAxis(op, 'stride', stride, rank),
    padding: pads(op, padding, rank),
    dilation: perAxis(op, 'dilation', dilation, rank),
    groups,
  }
}

/** The number of spatial axes of `[N, C, ...S]`. */
export function spatialRank(op: string, x: Value): number {
  if (x.shape.length < 3)
    throw new ShapeError('has no spatial axes', {
      op,
      expected: '[N, C, ...S]',
      got: showType(x.type),
      site: current().scopes.site(),
    })
  return x.shape.length - 2
}

/** One entry for each spatial axis. */
export function perAxis(op: string, name: string, given: PerAxis, rank: number): readonly number[] {
  const list = typeof given === 'number' ? Array.from({ length: rank }, () => given) : given
  if (list.length !== rank) throw entries(op, name, rank, given)
  return list
}

/** One pair for each spatial axis. */
export function pads(op: string, given: Pads, rank: number): (readonly [number, number])[] {
  const list = typeof given === 'number' ? Array.from({ length: rank }, () => given) : given
  if (list.length !== rank) throw entries(op, 'padding', rank, given)
  return list.map(p => (typeof p === 'number' ? [p, p] : p))
}

function entries(op: string, name: string, rank: number, got: unknown): AttrError {
  return new AttrError(`'${name}' is wrong`, {
    op,
    expected: `one number, or ${rank} entries: one for each spatial axis`,
    got: JSON.stringify(got),
    site: current().scopes.site(),
  })
}
