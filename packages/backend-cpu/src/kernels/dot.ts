import { type DotAttrs, dotAxes, type Shape, sizeOf, stridesOf } from '@stint/graph'
import type { Memory } from '../memory.ts'
import type { CoreOf } from './anchor.ts'
import type { Core, CoreRun } from './core.ts'
import type { Lanes } from './lanes.ts'
import type { SourceType } from './source.ts'

/** Bytes of rows that pass through the workspace at a time. */
const rowBytes = 8192

/** One operand as a batch of matrices: free by contracted. */
interface Matrices {
  readonly free: number
  readonly contracted: number
  /** Sizes and strides of the batch axes. */
  readonly batchShape: Shape
  readonly batch: readonly number[]
  /** The order in which its axes have to be stored, where one stride each does not reach all elements. */
  readonly order: readonly number[] | undefined
}

/** General contraction: every element sums over the contracted indices in order, in f64. */
export const dotCore: CoreOf<DotAttrs> = {
  strided: true,
  make(sources, result, attrs) {
    const [a, b] = sources as [SourceType, SourceType]
    const { freeLeft, freeRight } = dotAxes(attrs, a.shape, b.shape)
    const count = (shape: Shape, axes: readonly number[]): number => sizeOf(axes.map(x => shape[x]!))
    const rows = count(a.shape, freeLeft)
    const columns = count(b.shape, freeRight)
    const depth = count(a.shape, attrs.contract[0])
    const batches = count(a.shape, attrs.batch[0])
    const x = matrices(a, attrs.batch[0], freeLeft, attrs.contract[0])
    const y = matrices(b, attrs.batch[1], freeRight, attrs.contract[1])
    const bytes = a.dtype === 'f32' ? 4 : 8
    const core: Core = {
      items: batches * rows,
      chunk: 3 * Math.max(1, Math.floor(rowBytes / (3 * bytes * Math.max(1, depth, columns)))),
      sourceUnits: [x.order === undefined ? 0 : depth, 0],
      sourceOrders: [x.order, y.order],
      resultUnit: columns,
      workspaceBytes: 0,
      compile: memory => new DotRun(memory, result.dtype === 'f32', { rows, columns, depth, x, y }),
    }
    return core
  },
}

function matrices(
  { shape, stored }: SourceType,
  batch: readonly number[],
  free: readonly number[],
  contract: readonly number[],
): Matrices {
  const strides = stored?.strides ?? stridesOf(shape)
  const batchShape = batch.map(a => shape[a]!)
  const alongFree = oneStride(shape, strides, free)
  const alongContract = oneStride(shape, strides, contract)
  if (stored !== null && alongFree !== null && alongContract !== null)
    return {
      free: alongFree,
      contracted: alongContract,
      batchShape,
      batch: batch.map(a => strides[a]!),
      order: undefined,
    }
  const order = [...batch, ...free, ...contract]
  const dense = stridesOf(order.map(a => shape[a]!))
  const depth = sizeOf(contract.map(a => shape[a]!))
  return { free: depth, contracted: 1, batchShape, batch: dense.slice(0, batch.length), order }
}

/** The stride that walks the axes in row-major order, or null if it takes more than one. */
function oneStride(shape: Shape, strides: readonly number[], axes: readonly number[]): number | null {
  const real = axes.filter(a => shape[a] !== 1)
  for (const [i, axis] of real.entries()) {
    const next = real[i + 1]
    if (next !== undefined && strides[axis] !== strides[next]! * shape[next]!) return null
  }
  const last = real[real.length - 1]
  return last === undefined ? 0 : strides[last]!
}

interface Sizes {
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly x: Matrices
  readonly y: Matrices
}

class DotRun implements CoreRun {
  readonly #view: Lanes
  readonly #sizes: Sizes

  constructor(memory: Memory, single: boolean, sizes: Sizes) {
    this.#view = single ? memory.f32 : memory.f64
    this.#sizes = sizes
  }

  run(from: number, to: number, places: readonly number[]): void {
    const { rows, columns, depth, x, y } = this.#sizes
    const view = this.#view
    const bytes = view.BYTES_PER_ELEMENT
    const a = (places[0]! / bytes) | 0
    const b = (places[1]! / bytes) | 0
    const c = (places[2]! / bytes) | 0
    for (let item = from, next = from; item < to; item = next) {
      const batch = Math.floor(item / rows)
      const row = item - batch * rows
      next = Math.min(to, (batch + 1) * rows)
      const left = a + offsetOf(x, batch) + row * x.free
      const right = b + offsetOf(y, batch)
      const out = c + item * columns
      // Four neighbours on the longer side.
      if (columns >= 4 || columns >= next - item)
        multiply(
          view,
          next - item,
          columns,
          depth,
          left,
          x.free,
          x.contracted,
          right,
          y.free,
          y.contracted,
          out,
          columns,
          1,
        )
      else
        multiply(
          view,
          columns,
          next - item,
          depth,
          right,
          y.free,
          y.contracted,
          left,
          x.free,
          x.contracted,
          out,
          1,
          columns,
        )
    }
  }
}

/** Where the matrix of a batch begins. */
function offsetOf({ batch, batchShape }: Matrices, index: number): number {
  let rest = index
  let at = 0
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    const size = batchShape[axis]!
    const left = Math.floor(rest / size)
    at += (rest - left * size) * batch[axis]!
    rest = left
  }
  return at
}

/**
 * out[i, j] = Σ a[i, k] · b[j, k] with k ascending: three by four sums at a time, as many as the registers hold. At the
 * edges rows and columns repeat, which computes some sums twice instead of needing loops of their own.
 */
function multiply(
  view: Lanes,
  rows: number,
  columns: number,
  depth: number,
  a: number,
  aFree: number,
  aDeep: number,
  b: number,
  bFree: number,
  bDeep: number,
  out: number,
  outRow: number,
  outColumn: number,
): void {
  for (let j = 0; j < columns; j += 4) {
    const last = columns - 1 - j
    const j1 = Math.min(1, last)
    const j2 = Math.min(2, last)
    const j3 = Math.min(3, last)
    const q = b + j * bFree
    const c1 = j1 * outColumn
    const c2 = j2 * outColumn
    const c3 = j3 * outColumn
    for (let i = 0; i < rows; i += 3) {
      const below = rows - 1 - i
      const i1 = Math.min(1, below)
      const i2 = Math.min(2, below)
      const p = a + i * aFree
      const to = out + i * outRow + j * outColumn
      const r1 = i1 * outRow
      const r2 = i2 * outRow
      sumsOfTwelve(
        view,
        depth,
        p,
        i1 * aFree,
        i2 * aFree,
        aDeep,
        q,
        j1 * bFree,
        j2 * bFree,
        j3 * bFree,
        bDeep,
        to,
        r1,
        r2,
        c1,
        c2,
        c3,
      )
    }
  }
}

/** A function of its own with a single loop, so that the accumulators stay in registers. */
function sumsOfTwelve(
  view: Lanes,
  depth: number,
  a0: number,
  a1: number,
  a2: number,
  aDeep: number,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
  bDeep: number,
  to: number,
  r1: number,
  r2: number,
  c1: number,
  c2: number,
  c3: number,
): void {
  let s00 = 0
  let s01 = 0
  let s02 = 0
  let s03 = 0
  let s10 = 0
  let s11 = 0
  let s12 = 0
  let s13 = 0
  let s20 = 0
  let s21 = 0
  let s22 = 0
  let s23 = 0
  let p = a0
  let q = b0
  for (let k = 0; k < depth; k++) {
    const x0 = view[p]!
    const x1 = view[(p + a1) | 0]!
    const x2 = view[(p + a2) | 0]!
    const y0 = view[q]!
    const y1 = view[(q + b1) | 0]!
    const y2 = view[(q + b2) | 0]!
    const y3 = view[(q + b3) | 0]!
    s00 += x0 * y0
    s01 += x0 * y1
    s02 += x0 * y2
    s03 += x0 * y3
    s10 += x1 * y0
    s11 += x1 * y1
    s12 += x1 * y2
    s13 += x1 * y3
    s20 += x2 * y0
    s21 += x2 * y1
    s22 += x2 * y2
    s23 += x2 * y3
    p = (p + aDeep) | 0
    q = (q + bDeep) | 0
  }
  view[to] = s00
  view[to + c1] = s01
  view[to + c2] = s02
  view[to + c3] = s03
  view[to + r1] = s10
  view[to + r1 + c1] = s11
  view[to + r1 + c2] = s12
  view[to + r1 + c3] = s13
  view[to + r2] = s20
  view[to + r2 + c1] = s21
  view[to + r2 + c2] = s22
  view[to + r2 + c3] = s23
}
