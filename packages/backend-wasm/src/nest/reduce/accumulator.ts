import type { Reduction } from '@stint/engine'
import { type DType, dtypeBytes, isFloat } from '@stint/graph'
import type { FunctionBuilder, Local, PlainOp } from '../../asm/index.ts'
import { loadVector, storeVector } from '../memory.ts'
import { constant, constF64, constI32, partsOf, type Vector } from '../vector.ts'

/** Elements of a chunk: sums are made chunk by chunk, in each by four lanes. A constant of the numerics. */
export const chunkElements = 8192

/** For a single element: all ones in the lanes of f64 that it is added to. */
export interface LaneMasks {
  readonly low: Local
  readonly high: Local
}

/**
 * Folds elements of one point, four at a time or one by one, into a value that does not depend on how they came. Where
 * four points lie side by side (`columns`), lanes are points.
 */
export interface Accumulator {
  /** Before the first element of a point. */
  start(): void
  /** Before the first element of a chunk; with columns, of a lane of it. */
  startChunk(): void
  add(x: Vector): void
  /** One element that belongs to the lane of the masks. */
  addOne(x: Vector, masks: LaneMasks): void
  /** After the last element of a chunk: adds it to the point's value. */
  endChunk(): void
  /** With columns: after lane 0, 2, 1 and 3 of a chunk, in this order; `pass` counts them. */
  endLane(pass: Local): void
  /** The value of the point, or of four, in the result's dtype, in locals that `own` gives. */
  finish(own: () => Local): Vector
  /** Bytes of a point's chunk in memory. */
  readonly bytes: number
  /** Writes the value of what was folded since `start`, unrounded, to the address that `push` pushes. */
  save(push: () => void, one: boolean): void
  /** Folds what `save` wrote. */
  restore(push: () => void, one: boolean): void
  release(): void
}

export function accumulatorOf(f: FunctionBuilder, { op, dtype }: Reduction, columns: boolean): Accumulator {
  if (op === 'sum' && isFloat(dtype)) return columns ? new ColumnSum(f, dtype) : new RowSum(f, dtype)
  return new Fold(f, dtype, op, columns)
}

/** Whether the place of an element in its lane matters. */
export function needsLanes({ op, dtype }: Reduction): boolean {
  return op === 'sum' && isFloat(dtype)
}

/** Adds a vector of f32 or f64 to two pairs of f64. */
function addWide(f: FunctionBuilder, x: Vector, pairs: readonly Local[]): void {
  for (const [part, pair] of pairs.entries()) {
    f.get(pair)
    pushWide(f, x, part)
    f.op('f64x2.add').set(pair)
  }
}

/** Pushes elements 0 and 1 (part 0) or 2 and 3 as f64. */
function pushWide(f: FunctionBuilder, x: Vector, part: number): void {
  if (x.dtype === 'f64') {
    f.get(x.parts[part]!)
    return
  }
  const source = x.parts[0]!
  f.get(source)
  if (part === 1) f.get(source).shuffle32([2, 3, 2, 3])
  f.op('f64x2.promote_low_f32x4')
}

/** A float sum: lanes 0 and 1, then 2 and 3, in f64. */
class RowSum implements Accumulator {
  readonly bytes = 8
  readonly #f: FunctionBuilder
  readonly #dtype: DType
  readonly #lanes: readonly [Local, Local]
  readonly #total: Local

  constructor(f: FunctionBuilder, dtype: DType) {
    this.#f = f
    this.#dtype = dtype
    this.#lanes = [f.local('v128'), f.local('v128')]
    this.#total = f.local('f64')
  }

  start(): void {
    this.#f.f64(0).set(this.#total)
  }

  startChunk(): void {
    for (const lanes of this.#lanes) this.#f.get(constF64(this.#f, 0)).set(lanes)
  }

  add(x: Vector): void {
    addWide(this.#f, x, this.#lanes)
  }

  addOne(x: Vector, { low, high }: LaneMasks): void {
    const f = this.#f
    const wide = f.local('v128')
    pushWide(f, x, 0)
    f.set(wide)
    for (const [i, mask] of [low, high].entries()) {
      const lanes = this.#lanes[i]!
      f.get(lanes).get(wide).get(mask).op('v128.and').op('f64x2.add').set(lanes)
    }
    f.release(wide)
  }

  endChunk(): void {
    const f = this.#f
    const [low, high] = this.#lanes
    f.get(low).get(high).op('f64x2.add').set(low)
    f.get(this.#total)
    f.get(low).lane('f64x2.extract_lane', 0).get(low).lane('f64x2.extract_lane', 1).op('f64.add')
    f.op('f64.add').set(this.#total)
  }

  endLane(): void {
    throw new Error('rows have their lanes side by side')
  }

  finish(own: () => Local): Vector {
    const f = this.#f
    const local = own()
    f.get(this.#total)
    if (this.#dtype === 'f32') f.op('f32.demote_f64').op('f32x4.splat').set(local)
    else f.op('f64x2.splat').set(local)
    return { dtype: this.#dtype, parts: this.#dtype === 'f32' ? [local] : [local, local] }
  }

  save(push: () => void): void {
    push()
    this.#f.get(this.#total).mem('f64.store')
  }

  restore(push: () => void): void {
    const f = this.#f
    f.get(this.#total)
    push()
    f.mem('f64.load').op('f64.add').set(this.#total)
  }

  release(): void {
    this.#f.release(...this.#lanes, this.#total)
  }
}

/** Float sums of four points side by side: one lane of a chunk at a time. */
class ColumnSum implements Accumulator {
  readonly bytes = 8
  readonly #f: FunctionBuilder
  readonly #dtype: DType
  readonly #lane: readonly Local[]
  /** Lanes 0 and 2 of a chunk, then 1 and 3. */
  readonly #even: readonly Local[]
  readonly #odd: readonly Local[]
  readonly #total: readonly Local[]

  constructor(f: FunctionBuilder, dtype: DType) {
    this.#f = f
    this.#dtype = dtype
    const two = (): readonly Local[] => [f.local('v128'), f.local('v128')]
    this.#lane = two()
    this.#even = two()
    this.#odd = two()
    this.#total = two()
  }

  start(): void {
    this.#clear(this.#total)
  }

  startChunk(): void {
    this.#clear(this.#lane)
  }

  add(x: Vector): void {
    addWide(this.#f, x, this.#lane)
  }

  addOne(): void {
    throw new Error('columns take whole vectors')
  }

  endLane(pass: Local): void {
    const f = this.#f
    f.get(pass)
      .i32(2)
      .op('i32.lt_u')
      .if(
        () => this.#collect(pass, 0, this.#even),
        () => this.#collect(pass, 2, this.#odd),
      )
  }

  /** The first lane of a pair is kept, the second added to it. */
  #collect(pass: Local, first: number, pair: readonly Local[]): void {
    const f = this.#f
    f.get(pass)
      .i32(first)
      .op('i32.eq')
      .if(
        () => {
          for (const [i, local] of pair.entries()) f.get(this.#lane[i]!).set(local)
        },
        () => {
          for (const [i, local] of pair.entries()) f.get(local).get(this.#lane[i]!).op('f64x2.add').set(local)
        },
      )
  }

  endChunk(): void {
    const f = this.#f
    for (const [i, total] of this.#total.entries()) {
      f.get(total).get(this.#even[i]!).get(this.#odd[i]!).op('f64x2.add').op('f64x2.add').set(total)
    }
  }

  finish(own: () => Local): Vector {
    const f = this.#f
    const [a, b] = this.#total as [Local, Local]
    if (this.#dtype === 'f64') {
      const parts = [a, b].map(total => {
        const local = own()
        f.get(total).set(local)
        return local
      })
      return { dtype: 'f64', parts }
    }
    const local = own()
    f.get(a).op('f32x4.demote_f64x2_zero').get(b).op('f32x4.demote_f64x2_zero')
    f.shuffle32([0, 1, 4, 5]).set(local)
    return { dtype: 'f32', parts: [local] }
  }

  save(push: () => void, one: boolean): void {
    const place = { push, offset: 0, step: 8 }
    storeVector(this.#f, { dtype: 'f64', parts: this.#total }, place, one ? 'one' : 'four')
  }

  restore(push: () => void, one: boolean): void {
    const f = this.#f
    const locals: Local[] = []
    const own = (): Local => {
      const local = f.local('v128')
      locals.push(local)
      return local
    }
    const x = loadVector(f, 'f64', { push, offset: 0, step: 8 }, one ? 'one' : 'four', own)
    for (const [i, total] of this.#total.entries()) f.get(total).get(x.parts[i]!).op('f64x2.add').set(total)
    f.release(...locals)
  }

  release(): void {
    this.#f.release(...this.#lane, ...this.#even, ...this.#odd, ...this.#total)
  }

  #clear(locals: readonly Local[]): void {
    for (const local of locals) this.#f.get(constF64(this.#f, 0)).set(local)
  }
}

/** So many partial folds take turns, so that one need not wait for another. */
const turns = 4

/** What is exact in any order: extremes, and integer sums, which wrap. */
class Fold implements Accumulator {
  readonly bytes: number
  readonly #f: FunctionBuilder
  readonly #dtype: DType
  readonly #op: Reduction['op']
  readonly #columns: boolean
  readonly #partial: readonly (readonly Local[])[]
  #turn = 0

  constructor(f: FunctionBuilder, dtype: DType, op: Reduction['op'], columns: boolean) {
    this.bytes = dtypeBytes(dtype)
    this.#f = f
    this.#dtype = dtype
    this.#op = op
    this.#columns = columns
    this.#partial = Array.from({ length: columns ? 1 : turns }, () =>
      Array.from({ length: partsOf(dtype) }, () => f.local('v128')),
    )
  }

  start(): void {
    const f = this.#f
    const first = constant(f, this.#dtype, startOf(this.#op, this.#dtype))
    for (const parts of this.#partial)
      for (const [i, part] of parts.entries()) f.get(first.parts[i]!).set(part)
  }

  startChunk(): void {}

  add(x: Vector): void {
    this.#turn = (this.#turn + 1) % this.#partial.length
    this.#addTo(this.#partial[this.#turn]!, x.parts)
  }

  addOne(x: Vector): void {
    if (this.#op !== 'sum') {
      this.#addTo(this.#parts, x.parts)
      return
    }
    const f = this.#f
    const first = f.kept('the first of four', 'v128', () =>
      f.v128(new Uint8Array(Int32Array.of(-1, 0, 0, 0).buffer)),
    )
    f.get(this.#parts[0]!).get(x.parts[0]!).get(first).op('v128.and').op(this.#fold).set(this.#parts[0]!)
  }

  endChunk(): void {}

  endLane(): void {}

  finish(own: () => Local): Vector {
    const f = this.#f
    const parts = this.#columns ? this.#parts : this.#across()
    const copies = parts.map(part => {
      const local = own()
      f.get(part)
      if (this.#dtype === 'u8') f.get(constI32(f, 255)).op('v128.and')
      f.set(local)
      return local
    })
    return { dtype: this.#dtype, parts: copies }
  }

  save(push: () => void, one: boolean): void {
    const value = { dtype: this.#dtype, parts: this.#columns ? this.#parts : this.#across() }
    const lanes = one || !this.#columns ? 'one' : 'four'
    storeVector(this.#f, value, { push, offset: 0, step: this.bytes }, lanes)
  }

  restore(push: () => void, one: boolean): void {
    const f = this.#f
    const locals: Local[] = []
    const own = (): Local => {
      const local = f.local('v128')
      locals.push(local)
      return local
    }
    const lanes = one || !this.#columns ? 'one' : 'four'
    const x = loadVector(f, this.#dtype, { push, offset: 0, step: this.bytes }, lanes, own)
    if (this.#columns) this.#addTo(this.#parts, x.parts)
    else this.addOne(x)
    f.release(...locals)
  }

  release(): void {
    this.#f.release(...this.#partial.flat())
  }

  get #parts(): readonly Local[] {
    return this.#partial[0]!
  }

  #addTo(to: readonly Local[], from: readonly Local[]): void {
    for (const [i, part] of to.entries()) this.#f.get(part).get(from[i]!).op(this.#fold).set(part)
  }

  /** All lanes of all partial folds become the fold of them. */
  #across(): readonly Local[] {
    const f = this.#f
    for (const partial of this.#partial.slice(1)) this.#addTo(this.#parts, partial)
    const [a, b] = this.#parts as [Local, Local]
    const swap = (lanes: readonly [number, number, number, number]): void => {
      f.get(a).get(a).get(a).shuffle32(lanes).op(this.#fold).set(a)
    }
    if (this.#dtype === 'f64') {
      f.get(a).get(b).op(this.#fold).set(a)
      swap([2, 3, 0, 1])
      f.get(a).set(b)
    } else {
      swap([2, 3, 0, 1])
      swap([1, 0, 3, 2])
    }
    return this.#parts
  }

  get #fold(): PlainOp {
    const op = this.#op
    if (this.#dtype === 'f64') return op === 'sum' ? 'f64x2.add' : `f64x2.${op}`
    if (this.#dtype === 'f32') return op === 'sum' ? 'f32x4.add' : `f32x4.${op}`
    if (op === 'sum') return 'i32x4.add'
    return this.#dtype === 'i32' ? `i32x4.${op}_s` : `i32x4.${op}_u`
  }
}

/** The neutral element. */
function startOf(op: Reduction['op'], dtype: DType): number {
  if (op === 'sum') return 0
  if (isFloat(dtype)) return op === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (dtype === 'i32') return op === 'max' ? -(2 ** 31) : 2 ** 31 - 1
  return op === 'max' ? 0 : dtype === 'u8' ? 255 : -1
}
