import type { ConvShape } from './conv-shape.ts'
import type { Lanes } from './lanes.ts'

/**
 * Convolutions that skip what lies outside, as they are defined: for numbers of which a product with zero is not zero.
 * `image` is the one at hand; `x`, `w`, `g` are where the operands begin.
 */

export function carefulConv(s: ConvShape, view: Lanes, image: number, x: number, w: number, g: number): void {
  const all = s.groups * s.filters
  for (let f = 0; f < all; f++)
    for (let oy = 0; oy < s.y.places; oy++)
      for (let ox = 0; ox < s.x.places; ox++) {
        let acc = 0
        for (let c = 0; c < s.channels; c++)
          for (let ky = 0; ky < s.y.kernel; ky++)
            for (let kx = 0; kx < s.x.kernel; kx++) {
              const at = inputAt(s, image, f, c, oy, ox, ky, kx)
              if (at >= 0)
                acc += view[x + at]! * view[w + (f * s.channels + c) * s.taps + ky * s.x.kernel + kx]!
            }
        view[g + (image * all + f) * s.places + oy * s.x.places + ox] = acc
      }
}

export function carefulConvInput(
  s: ConvShape,
  view: Lanes,
  image: number,
  g: number,
  w: number,
  x: number,
): void {
  const all = s.groups * s.channels
  for (let channel = 0; channel < all; channel++) {
    const group = Math.floor(channel / s.channels)
    const c = channel - group * s.channels
    for (let y = 0; y < s.y.size; y++)
      for (let h = 0; h < s.x.size; h++) {
        let acc = 0
        for (let f = group * s.filters; f < (group + 1) * s.filters; f++)
          for (let ky = 0; ky < s.y.kernel; ky++)
            for (let kx = 0; kx < s.x.kernel; kx++) {
              const oy = (y + s.y.before - ky * s.y.dilation) / s.y.stride
              const ox = (h + s.x.before - kx * s.x.dilation) / s.x.stride
              if (!isPlace(oy, s.y.places) || !isPlace(ox, s.x.places)) continue
              const from = (image * s.groups * s.filters + f) * s.places + oy * s.x.places + ox
              acc += view[g + from]! * view[w + (f * s.channels + c) * s.taps + ky * s.x.kernel + kx]!
            }
        view[x + (image * all + channel) * s.area + y * s.x.size + h] = acc
      }
  }
}

/** Adds the products of one image to the sums, which are in the order of the weights, from `sums` on. */
export function carefulConvWeight(
  s: ConvShape,
  view: Lanes,
  image: number,
  x: number,
  g: number,
  buffer: Float64Array,
  sumAt: (f: number, c: number, tap: number) => number,
): void {
  const all = s.groups * s.filters
  for (let f = 0; f < all; f++)
    for (let c = 0; c < s.channels; c++)
      for (let ky = 0; ky < s.y.kernel; ky++)
        for (let kx = 0; kx < s.x.kernel; kx++) {
          const to = sumAt(f, c, ky * s.x.kernel + kx)
          let acc = buffer[to]!
          for (let oy = 0; oy < s.y.places; oy++)
            for (let ox = 0; ox < s.x.places; ox++) {
              const at = inputAt(s, image, f, c, oy, ox, ky, kx)
              if (at >= 0)
                acc += view[x + at]! * view[g + (image * all + f) * s.places + oy * s.x.places + ox]!
            }
          buffer[to] = acc
        }
}

/** The element of the input that output (oy, ox) of filter f reads through tap (ky, kx) of channel c, or −1 outside. */
function inputAt(
  s: ConvShape,
  image: number,
  f: number,
  c: number,
  oy: number,
  ox: number,
  ky: number,
  kx: number,
): number {
  const y = oy * s.y.stride + ky * s.y.dilation - s.y.before
  const x = ox * s.x.stride + kx * s.x.dilation - s.x.before
  if (y < 0 || y >= s.y.size || x < 0 || x >= s.x.size) return -1
  const channel = Math.floor(f / s.filters) * s.channels + c
  return ((image * s.groups * s.channels + channel) * s.y.size + y) * s.x.size + x
}

function isPlace(o: number, places: number): boolean {
  return o >= 0 && o < places && Number.isInteger(o)
}
