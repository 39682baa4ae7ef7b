import type { ConvAttrs } from '../ops/contraction/conv-shape.ts'
import { type DotAttrs, dotAxes } from '../ops/contraction/dot.ts'
import { type Shape, sizeOf, stridesOf, type Type } from '../type.ts'
import { type Dense, eachIndex, position, type Rule } from './dense.ts'
import { taps } from './taps.ts'

/** Offsets of every index over some axes of a value, in row-major order of the axes as listed. */
function offsets({ shape }: Type, axes: readonly number[]): number[] {
  const strides = stridesOf(shape)
  const list: number[] = []
  const along = axes.map(a => strides[a] as number)
  eachIndex(
    axes.map(a => shape[a] as number),
    index => list.push(position(index, along)),
  )
  return list
}

export const dot: Rule<DotAttrs> = {
  run(inputs, out, attrs) {
    const [a, b] = inputs as [Dense, Dense]
    const { freeLeft, freeRight } = dotAxes(attrs, a.type.shape, b.type.shape)
    const batch = [offsets(a.type, attrs.batch[0]), offsets(b.type, attrs.batch[1])] as const
    const inner = [offsets(a.type, attrs.contract[0]), offsets(b.type, attrs.contract[1])] as const
    const [rows, columns] = [offsets(a.type, freeLeft), offsets(b.type, freeRight)]
    let at = 0
    for (const n of batch[0].keys())
      for (const row of rows)
        for (const column of columns) {
          const left = (batch[0][n] as number) + row
          const right = (batch[1][n] as number) + column
          let acc = 0
          for (const k of inner[0].keys())
            acc +=
              (a.data[left + (inner[0][k] as number)] as number) *
              (b.data[right + (inner[1][k] as number)] as number)
          out[at++] = acc
        }
  },
}

/** Sizes of the trilinear form of a convolution (`ConvAttrs`), from the shapes of its three operands. */
function sizes(x: Shape, w: Shape, g: Shape, attrs: ConvAttrs) {
  const [batch, channels, ...space] = x as [number, number, ...number[]]
  const [filters, perGroup, ...kernel] = w as [number, number, ...number[]]
  const places = g.slice(2)
  return {
    batch,
    channels,
    filters,
    perGroup,
    filtersPerGroup: filters / attrs.groups,
    S: sizeOf(space),
    K: sizeOf(kernel),
    O: sizeOf(places),
    tap: taps(space, kernel, places, attrs),
  }
}

export const conv: Rule<ConvAttrs> = {
  run(inputs, out, attrs, type) {
    const [x, w] = inputs as [Dense, Dense]
    const { batch, channels, filters, perGroup, filtersPerGroup, S, K, O, tap } = sizes(
      x.type.shape,
      w.type.shape,
      type.shape,
      attrs,
    )
    for (let n = 0; n < batch; n++)
      for (let f = 0; f < filters; f++) {
        const first = n * channels + Math.floor(f / filtersPerGroup) * perGroup
        for (let o = 0; o < O; o++) {
          let acc = 0
          for (let c = 0; c < perGroup; c++)
            for (let k = 0; k < K; k++) {
              const s = tap[o * K + k] as number
              if (s >= 0)
                acc +=
                  (x.data[(first + c) * S + s] as number) * (w.data[(f * perGroup + c) * K + k] as number)
            }
          out[(n * filters + f) * O + o] = acc
        }
      }
  },
}

export const convInput: Rule<ConvAttrs> = {
  run(inputs, out, attrs, type) {
    const [g, w] = inputs as [Dense, Dense]
    const { batch, channels, filters, perGroup, filtersPerGroup, S, K, O, tap } = sizes(
      type.shape,
      w.type.shape,
      g.type.shape,
      attrs,
    )
    const placeOf = inverse(tap, S, K, O)
    for (let n = 0; n < batch; n++)
      for (let c = 0; c < channels; c++) {
        const group = Math.floor(c / perGroup)
        for (let s = 0; s < S; s++) {
          let acc = 0
          for (let f = group * filtersPerGroup; f < (group + 1) * filtersPerGroup; f++)
            for (let k = 0; k < K; k++) {
              const o = placeOf[s * K + k] as number
              if (o >= 0)
                acc +=
                  (g.data[(n * filters + f) * O + o] as number) *
                  (w.data[(f * perGroup + (c % perGroup)) * K + k] as number)
            }
          out[(n * channels + c) * S + s] = acc
        }
      }
  },
}

/** At `s·K + k` the one output that reads position `s` through kernel position `k`, or −1. */
function inverse(tap: Int32Array, S: number, K: number, O: number): Int32Array {
  const placeOf = new Int32Array(S * K).fill(-1)
  for (let o = 0; o < O; o++)
    for (let k = 0; k < K; k++) {
      const s = tap[o * K + k] as number
      if (s >= 0) placeOf[s * K + k] = o
    }
  return placeOf
}

export const convWeight: Rule<ConvAttrs> = {
  run(inputs, out, attrs, type) {
    const [x, g] = inputs as [Dense, Dense]
    const { batch, channels, filters, perGroup, filtersPerGroup, S, K, O, tap } = sizes(
      x.type.shape,
      type.shape,
      g.type.shape,
      attrs,
    )
    for (let f = 0; f < filters; f++)
      for (let c = 0; c < perGroup; c++) {
        const channel = Math.floor(f / filtersPerGroup) * perGroup + c
        for (let k = 0; k < K; k++) {
          let acc = 0
          for (let n = 0; n < batch; n++)
            for (let o = 0; o < O; o++) {
              const s = tap[o * K + k] as number
              if (s >= 0)
                acc +=
                  (x.data[(n * channels + channel) * S + s] as number) *
                  (g.data[(n * filters + f) * O + o] as number)
            }
          out[(f * perGroup + c) * K + k] = acc
        }
      }
  },
}
