import type { Padding } from '../ops/spatial.ts'
import { type Shape, sizeOf, stridesOf } from '../type.ts'
import { eachIndex } from './dense.ts'

export interface TapAttrs {
  readonly stride: readonly number[]
  readonly padding: Padding
  readonly dilation?: readonly number[]
}

/**
 * Which position of the space each output reads through each position of the kernel: at `o·K + k` the row-major
 * position o·stride + k·dilation − before, or −1 in the padding.
 */
export function taps(space: Shape, kernel: Shape, places: Shape, attrs: TapAttrs): Int32Array {
  const K = sizeOf(kernel)
  const strides = stridesOf(space)
  const table = new Int32Array(sizeOf(places) * K)
  eachIndex(places, (o, place) => {
    eachIndex(kernel, (k, tap) => {
      let at = 0
      for (const [a, size] of space.entries()) {
        const [before] = attrs.padding[a] as readonly [number, number]
        const s =
          (o[a] as number) * (attrs.stride[a] as number) +
          (k[a] as number) * (attrs.dilation?.[a] ?? 1) -
          before
        at = at < 0 || s < 0 || s >= size ? -1 : at + s * (strides[a] as number)
      }
      table[place * K + tap] = at
    })
  })
  return table
}
