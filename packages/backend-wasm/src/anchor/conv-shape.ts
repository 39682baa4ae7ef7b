import type { ConvAttrs, Shape } from '@stint/graph'

/** One spatial axis: output `o` reads `o·stride + k·dilation − before` for each kernel position `k`. */
export interface Axis1 {
  /** Elements of the input. */
  readonly size: number
  readonly kernel: number
  /** Elements of the output. */
  readonly places: number
  readonly stride: number
  readonly dilation: number
  readonly before: number
}

/** A convolution `x [N, C, ...S]`, `w [F, C/groups, ...K]`, `g [N, F, ...O]` over two spatial axes; one is a row. */
export interface ConvShape {
  readonly images: number
  readonly groups: number
  /** Channels and filters of one group. */
  readonly channels: number
  readonly filters: number
  readonly y: Axis1
  readonly x: Axis1
  readonly taps: number
}

/** The sizes of a convolution from the shapes of its three operands. */
export function convShape(x: Shape, w: Shape, g: Shape, attrs: ConvAttrs): ConvShape {
  const axis = (a: number): Axis1 => ({
    size: x[2 + a]!,
    kernel: w[2 + a]!,
    places: g[2 + a]!,
    stride: attrs.stride[a]!,
    dilation: attrs.dilation[a]!,
    before: attrs.padding[a]![0],
  })
  const row: Axis1 = { size: 1, kernel: 1, places: 1, stride: 1, dilation: 1, before: 0 }
  const [vertical, horizontal] = x.length === 3 ? [row, axis(0)] : [axis(0), axis(1)]
  return {
    images: x[0]!,
    groups: attrs.groups,
    channels: w[1]!,
    filters: w[0]! / attrs.groups,
    y: vertical,
    x: horizontal,
    taps: vertical.kernel * horizontal.kernel,
  }
}

/** Channels whose products are summed up before their sum joins the result: a constant of the numerics. */
export function blockChannels(taps: number): number {
  return Math.max(1, Math.floor(256 / taps))
}
