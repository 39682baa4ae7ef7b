import type { ConvAttrs, Shape } from '@stint/graph'

/** One spatial axis: output `o` reads `o·stride + k·dilation − before` for each kernel position `k`. */
export interface Axis {
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
  readonly y: Axis
  readonly x: Axis
  /** Elements of a channel of the input, of a kernel, of a channel of the output. */
  readonly area: number
  readonly taps: number
  readonly places: number
}

export function convShape(x: Shape, w: Shape, g: Shape, attrs: ConvAttrs): ConvShape {
  const spatial = x.length - 2
  const axis = (a: number): Axis => ({
    size: x[2 + a]!,
    kernel: w[2 + a]!,
    places: g[2 + a]!,
    stride: attrs.stride[a]!,
    dilation: attrs.dilation[a]!,
    before: attrs.padding[a]![0],
  })
  const row: Axis = { size: 1, kernel: 1, places: 1, stride: 1, dilation: 1, before: 0 }
  const [vertical, horizontal] = spatial === 1 ? [row, axis(0)] : [axis(0), axis(1)]
  return {
    images: x[0]!,
    groups: attrs.groups,
    channels: w[1]!,
    filters: w[0]! / attrs.groups,
    y: vertical,
    x: horizontal,
    area: vertical.size * horizontal.size,
    taps: vertical.kernel * horizontal.kernel,
    places: vertical.places * horizontal.places,
  }
}

/** Images that pass through the workspace at a time: about so many bytes of them. */
export function imagesAtATime(bytes: number): number {
  return Math.max(1, Math.floor(8192 / Math.max(1, bytes)))
}
