import { type DotAttrs, dotAxes, type Shape, sizeOf, stridesOf, type Type } from '@stint/graph'
import type { Memory } from '../memory.ts'
import type { CoreOf } from './anchor.ts'
import type { Core, CoreRun } from './core.ts'
import type { Lanes } from './lanes.ts'

/** Bytes of rows that pass through the workspace at a time. */
const rowBytes = 16384

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
  make([left, right], result, attrs, stored) {
    const [a, b] = [left as Type, right as Type]
    const { freeLeft, freeRight } = dotAxes(attrs, a.shape, b.shape)
    const count = (shape: Shape, axes: readonly number[]): number => sizeOf(axes.map(x => shape[x]!))
    const rows = count(a.shape, freeLeft)
    const columns = count(b.shape, freeRight)
    const depth = count(a.shape, attrs.contract[0])
    const batches = count(a.shape, attrs.batch[0])
    const x = matrices(a.shape, attrs.batch[0], freeLeft, attrs.contract[0], stored[0]!)
    const y = matrices(b.shape, attrs.batch[1], freeRight, attrs.contract[1], stored[1]!)
    const bytes = a.dtype === 'f32' ? 4 : 8
    const core: Core = {
      items: batches * rows,
      chunk: Math.max(1, Math.floor(rowBytes / (bytes * Math.max(1, depth, columns)))),
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
  shape: Shape,
  batch: readonly number[],
  free: readonly number[],
  contract: readonly number[],
  stored: boolean,
): Matrices {
  const strides = stridesOf(shape)
  const batchShape = batch.map(a => shape[a]!)
  const alongFree = oneStride(shape, strides, free)
  const alongContract = oneStride(shape, strides, contract)
  if (stored && alongFree !== null && alongContract !== null)
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
    const [a, b, c] = [(places[0]! / bytes) | 0, (places[1]! / bytes) | 0, (places[2]! / bytes) | 0]
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
 * out[i, j] = Σ a[i, k] · b[j, k] with k ascending: two by four sums at a time. At the edges rows and columns repeat,
 * which computes some sums twice instead of needing loops of their own.
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
    const j1 = Math.min(j + 1, columns - 1)
    const j2 = Math.min(j + 2, columns - 1)
    const j3 = Math.min(j + 3, columns - 1)
    for (let i = 0; i < rows; i += 2) {
      const i1 = Math.min(i + 1, rows - 1)
      let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0]
      let p0 = (a + i * aFree) | 0
      let p1 = (a + i1 * aFree) | 0
      let q0 = (b + j * bFree) | 0
      let q1 = (b + j1 * bFree) | 0
      let q2 = (b + j2 * bFree) | 0
      let q3 = (b + j3 * bFree) | 0
      for (let k = 0; k < depth; k++) {
        const x0 = view[p0]!
        const x1 = view[p1]!
        const y0 = view[q0]!
        const y1 = view[q1]!
        const y2 = view[q2]!
        const y3 = view[q3]!
        s00 += x0 * y0
        s01 += x0 * y1
        s02 += x0 * y2
        s03 += x0 * y3
        s10 += x1 * y0
        s11 += x1 * y1
        s12 += x1 * y2
        s13 += x1 * y3
        p0 = (p0 + aDeep) | 0
        p1 = (p1 + aDeep) | 0
        q0 = (q0 + bDeep) | 0
        q1 = (q1 + bDeep) | 0
        q2 = (q2 + bDeep) | 0
        q3 = (q3 + bDeep) | 0
      }
      const r0 = out + i * outRow
      const r1 = out + i1 * outRow
      view[r0 + j * outColumn] = s00
      view[r0 + j1 * outColumn] = s01
      view[r0 + j2 * outColumn] = s02
      view[r0 + j3 * outColumn] = s03
      view[r1 + j * outColumn] = s10
      view[r1 + j1 * outColumn] = s11
      view[r1 + j2 * outColumn] = s12
      view[r1 + j3 * outColumn] = s13
    }
  }
}
