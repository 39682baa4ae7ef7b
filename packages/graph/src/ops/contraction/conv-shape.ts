import { DTypeError, ShapeError } from '../../errors.ts'
import { type Shape, showType, type Type } from '../../type.ts'
import { integer } from '../define.ts'
import { type Padding, paddingOf, perAxis, slide, spatialOf } from '../spatial.ts'

/**
 * Convolution (cross-correlation) and its two transposes are the one trilinear form
 *
 *     T(x, w, g) = Σ x[n, c, o·stride + k·dilation − before] · w[f, c, k] · g[n, f, o]
 *
 * with one of the three left open; so each derivative of each of them is again one of them.
 */
export type ConvAttrs = {
  readonly stride: readonly number[]
  readonly padding: Padding
  readonly dilation: readonly number[]
  /** Channels fall into this many groups; group `i` of the outputs reads group `i` of the inputs alone. */
  readonly groups: number
}

/** `size`: spatial sizes of the open operand, which the others do not determine. */
export type OpenConvAttrs = ConvAttrs & { readonly size: readonly number[] }

/** The attributes of `conv` itself among those of a transpose. */
export function closed({ stride, padding, dilation, groups }: OpenConvAttrs): ConvAttrs {
  return { stride, padding, dilation, groups }
}

const layouts = { x: 'x [N, C, ...S]', w: 'w [F, C/groups, ...K]', g: 'ct [N, F, ...O]' }

/** Two of the three operands of the trilinear form; `size` stands for the spatial sizes of the third. */
interface Pair {
  readonly x?: Type
  readonly w?: Type
  readonly g?: Type
}

/** The type of the operand that is not given. Throws ShapeError, DTypeError or AttrError where the others do not fit. */
export function openType(given: Pair, attrs: ConvAttrs & { readonly size?: readonly number[] }): Type {
  const present = (['x', 'w', 'g'] as const).filter(k => given[k] !== undefined)
  const types = present.map(k => given[k] as Type) as [Type, Type]
  const spatial = Object.fromEntries(present.map((k, i) => [k, spatialOf(types[i] as Type, layouts[k])]))
  const [first, second] = types
  const rank = first.shape.length - 2
  if (second.shape.length !== first.shape.length)
    throw new ShapeError('operands differ in rank', { expected: showType(first), got: showType(second) })
  if (second.dtype !== first.dtype)
    throw new DTypeError('operands differ in dtype', { expected: showType(first), got: showType(second) })
  const sliding = {
    stride: perAxis(attrs, 'stride', rank, 1),
    padding: paddingOf(attrs, rank),
    dilation: perAxis(attrs, 'dilation', rank, 1),
  }
  const groups = integer(attrs, 'groups', 1)
  const size = given.g === undefined ? [] : perAxis(attrs, 'size', rank, 1)
  const outer = openChannels(given, groups)
  const to = slide(spatial.x ?? size, { kernel: spatial.w ?? size, ...sliding })
  if (given.g !== undefined) sameSpatial(to, spatial.g as Shape, given.g)
  return { dtype: first.dtype, shape: [...outer, ...(given.g === undefined ? to : size)] }
}

/** The leading two axes of the open operand. */
function openChannels({ x, w, g }: Pair, groups: number): [number, number] {
  const [n, c] = (x?.shape ?? []) as [number, number]
  const [f, perGroup] = (w?.shape ?? []) as [number, number]
  const [gn, gf] = (g?.shape ?? []) as [number, number]
  const outputs = w === undefined ? gf : f
  if (outputs % groups !== 0)
    throw new ShapeError('the groups do not divide the output channels', {
      expected: `a multiple of ${groups} output channels`,
      got: showType((w ?? g) as Type),
    })
  if (x !== undefined && w !== undefined) {
    if (perGroup * groups !== c)
      throw new ShapeError('the channels do not fit', {
        expected: `${c} channels, as in ${showType(x)}: ${groups} group(s) of ${c / groups}`,
        got: showType(w),
      })
    return [n, f]
  }
  if (w !== undefined) {
    if (gf !== f)
      throw new ShapeError('the output channels do not fit', {
        expected: `${f} channels, as in ${showType(w)}`,
        got: showType(g as Type),
      })
    return [gn, perGroup * groups]
  }
  if (gn !== n)
    throw new ShapeError('the batches differ', { expected: showType(x as Type), got: showType(g as Type) })
  if (c % groups !== 0)
    throw new ShapeError('the groups do not divide the input channels', {
      expected: `a multiple of ${groups} input channels`,
      got: showType(x as Type),
    })
  return [gf, c / groups]
}

function sameSpatial(expected: Shape, got: Shape, g: Type): void {
  if (expected.some((d, i) => d !== got[i]))
    throw new ShapeError('the output sizes do not fit', {
      expected: `spatial sizes ${expected.join(' × ')}, which these attributes give`,
      got: showType(g),
    })
}

/** Multiply-adds of the trilinear form, padding included, as FLOP. */
export function convFlops(w: Type, g: Type): number {
  const [, perGroup, ...kernel] = w.shape as [number, number, ...number[]]
  return 2 * [...g.shape, perGroup, ...kernel].reduce((n, d) => n * d, 1)
}
