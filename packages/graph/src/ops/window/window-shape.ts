import { AttrError, DTypeError, ShapeError } from '../../errors.ts'
import { sameType, showType, type Type } from '../../type.ts'
import { type Padding, paddingOf, perAxis, slide, spatialOf } from '../spatial.ts'

/** A window that slides over the spatial axes of `[N, C, ...S]`. */
export type WindowAttrs = {
  readonly window: readonly number[]
  readonly stride: readonly number[]
  /** Less than the window, so that each window holds an element. */
  readonly padding: Padding
}

/** The type of one number a window: `[N, C, ...O]`. */
export function windowed(x: Type, attrs: WindowAttrs): Type {
  const size = spatialOf(x, 'x [N, C, ...S]')
  const rank = size.length
  const kernel = perAxis(attrs, 'window', rank, 1)
  const stride = perAxis(attrs, 'stride', rank, 1)
  const padding = paddingOf(attrs, rank)
  for (const [i, ends] of padding.entries())
    if (ends.some(n => n >= (kernel[i] as number)))
      throw new AttrError(`the padding of spatial axis ${i} could fill a window`, {
        expected: `less than the window, ${kernel[i]}`,
        got: JSON.stringify(ends),
      })
  const to = slide(size, { kernel, stride, padding, dilation: kernel.map(() => 1) })
  return { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...to] }
}

/** Checks that `got` is what windows over `x` give. */
export function likeWindowed(x: Type, attrs: WindowAttrs, got: Type): void {
  const expected = windowed(x, attrs)
  if (got.dtype !== expected.dtype)
    throw new DTypeError('operands differ in dtype', { expected: showType(expected), got: showType(got) })
  if (!sameType(got, expected))
    throw new ShapeError('the output sizes do not fit', { expected: showType(expected), got: showType(got) })
}

/** FLOP of a pass over every window of which one number each is `y`. */
export function windowFlops(y: Type, { window }: WindowAttrs): number {
  return [...y.shape, ...window].reduce((n, d) => n * d, 1)
}
