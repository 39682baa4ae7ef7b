import { isFloat } from '../dtype.ts'
import { AttrError, DTypeError, ShapeError } from '../errors.ts'
import type { Attr, Attrs } from '../graph.ts'
import { type Shape, showType, type Type } from '../type.ts'
import { integers } from './define.ts'

/** Elements added before and after each spatial axis. */
export type Padding = readonly (readonly [before: number, after: number])[]

/** How a window slides over the spatial axes: output `o` reads `o·stride + k·dilation − before` for `k` in the kernel. */
export interface Sliding {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly padding: Padding
  readonly dilation: readonly number[]
}

/** The spatial axes of a value `[N, C, ...S]`. Throws unless it has one or two of them and is a float. */
export function spatialOf(type: Type, layout: string): Shape {
  const rank = type.shape.length - 2
  if (rank !== 1 && rank !== 2)
    throw new ShapeError('takes one or two spatial axes', { expected: layout, got: showType(type) })
  if (!isFloat(type.dtype))
    throw new DTypeError('does not take this dtype', { expected: 'float', got: showType(type) })
  return type.shape.slice(2)
}

/** Checks attribute `name`: a whole number for each spatial axis, at least `least`. */
export function perAxis(attrs: Attrs, name: string, rank: number, least: number): readonly number[] {
  const list = integers(attrs, name, least)
  if (list.length !== rank)
    throw new AttrError(`attribute '${name}' is wrong`, {
      expected: `${rank} entries, one for each spatial axis`,
      got: JSON.stringify(list),
    })
  return list
}

/** Checks attribute `padding`: a pair of whole numbers for each spatial axis. */
export function paddingOf(attrs: Attrs, rank: number): Padding {
  const { padding } = attrs
  if (!Array.isArray(padding) || padding.length !== rank || !padding.every(isPair))
    throw new AttrError("attribute 'padding' is wrong", {
      expected: `${rank} pairs [before, after] of whole numbers, at least 0`,
      got: JSON.stringify(padding),
    })
  return padding
}

function isPair(x: Attr): x is readonly [number, number] {
  return Array.isArray(x) && x.length === 2 && x.every(n => Number.isSafeInteger(n) && (n as number) >= 0)
}

/** The spatial sizes of the output. Throws ShapeError where the kernel does not fit. */
export function slide(size: Shape, { kernel, stride, padding, dilation }: Sliding): number[] {
  return size.map((d, i) => {
    const [before, after] = padding[i] as readonly [number, number]
    const room = d + before + after
    const extent = ((kernel[i] as number) - 1) * (dilation[i] as number) + 1
    if (extent < 1 || extent > room)
      throw new ShapeError(`the window does not fit spatial axis ${i}`, {
        expected: `a window of 1 to ${room} elements, padding included`,
        got: `${extent}`,
      })
    return Math.floor((room - extent) / (stride[i] as number)) + 1
  })
}
