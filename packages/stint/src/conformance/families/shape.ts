import * as g from '@stint/graph'
import { embedding } from '@stint/nn'
import type { Family, Operands } from '../context.ts'
import { layer } from '../layer.ts'

type Pairs = readonly (readonly [before: number, after: number])[]

/** `input0`, `input1` … */
function numbered(x: Operands): g.Value[] {
  return Object.keys(x)
    .filter(role => /^input\d+$/.test(role))
    .map(role => x[role]!)
}

/** Padding whose elements are elements of the input: along each axis those that `source` names. */
function padBy(x: g.Value, padding: Pairs, source: (at: number, size: number) => number): g.Value {
  return padding.reduce((y, [before, after], axis) => {
    const size = y.shape[axis]!
    const index = Array.from({ length: before + size + after }, (_, i) => source(i - before, size))
    return before + after === 0 ? y : g.take(y, g.constant(index, [index.length], 'i32'), axis)
  }, x)
}

const reflect = (at: number, size: number): number => (at < 0 ? -at : at < size ? at : 2 * (size - 1) - at)
const replicate = (at: number, size: number): number => Math.min(Math.max(at, 0), size - 1)

/** Elements whose column is at most (`1`) or at least (`-1`) the row plus `offset`; zeros elsewhere. */
function triangle(x: g.Value, offset: number, side: 1 | -1): g.Value {
  const rank = x.shape.length
  const distance = g
    .iota(x.shape, rank - 1)
    .sub(g.iota(x.shape, rank - 2))
    .sub(offset)
    .mul(side)
  return distance.le(0).where(x, 0)
}

export const shape: Family = {
  reshape: ({ input }, attrs: { shape: number[] }) => input!.reshape(attrs.shape),
  permute: ({ input }, attrs: { dims: number[] }) => input!.transpose(attrs.dims),
  transpose: ({ input }, attrs: { dim0: number; dim1: number }) => g.swapAxes(input!, attrs.dim0, attrs.dim1),
  permute_reshape: ({ input }, attrs: { dims: number[]; shape: number[] }) =>
    input!.transpose(attrs.dims).reshape(attrs.shape),
  concat: (x, attrs: { dim: number }) => g.concat(numbered(x), attrs.dim),
  stack: (x, attrs: { dim: number }) => g.stack(numbered(x), attrs.dim),
  split: ({ input }, attrs: { sizes: number[]; dim: number }) => g.split(input!, attrs.sizes, attrs.dim),
  slice: ({ input }, { ranges }: { ranges: [number, number, number][] }) =>
    input!.slice(
      ranges.map(r => r[0]),
      ranges.map(r => r[1]),
      ranges.map(r => r[2]),
    ),
  pad: ({ input }, { mode, padding, value }: { mode: string; padding: Pairs; value?: number }) => {
    if (mode !== 'constant') return padBy(input!, padding, mode === 'reflect' ? reflect : replicate)
    const [before, after] = [padding.map(p => p[0]), padding.map(p => p[1])]
    return input!.pad(before, after, value)
  },
  gather: ({ input, index }, attrs: { dim: number }) => g.takeAlong(input!, index!, attrs.dim),
  index_select: ({ input, index }, attrs: { dim: number }) => g.take(input!, index!, attrs.dim),
  embedding: ({ weight, index }) => {
    const [count, features] = weight!.shape as [number, number]
    return layer(embedding(count, features), { weight }, index!)
  },
  scatter_add: ({ input, src, index }, attrs: { dim: number }) =>
    g.scatterAddAlong(input!, index!, src!, attrs.dim),
  flip: ({ input }, attrs: { dims: number[] }) => input!.flip(attrs.dims),
  broadcast_to: ({ input }, attrs: { shape: number[] }) => input!.broadcast(attrs.shape),
  one_hot: ({ index }, attrs: { num_classes: number }) => g.oneHot(index!, attrs.num_classes),
  squeeze: ({ input }, attrs: { dims: number[] }) => input!.squeeze(attrs.dims),
  unsqueeze: ({ input }, attrs: { dims: number[] }) =>
    attrs.dims.reduce((x, axis) => x.expandDims(axis), input!),
  roll: ({ input }, { shifts, dims }: { shifts: number[]; dims: number[] }) =>
    shifts.reduce((x, shift, i) => g.roll(x, shift, dims[i]!), input!),
  tile: ({ input }, attrs: { repeats: number[] }) => g.tile(input!, attrs.repeats),
  tril: ({ input }, attrs: { diagonal: number }) => triangle(input!, attrs.diagonal, 1),
  triu: ({ input }, attrs: { diagonal: number }) => triangle(input!, attrs.diagonal, -1),
  masked_fill: ({ input, mask }, attrs: { value: number }) =>
    g.maskedFill(input!, mask!.ne(0).broadcast(input!.shape), attrs.value),
  diagonal: ({ input }) => g.diagonal(input!),
}
