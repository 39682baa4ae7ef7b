import type { Reduction } from '@stint/engine'
import { type DType, dtypeBytes, isFloat } from '@stint/graph'
import type { FunctionBuilder, Local, PlainOp } from '../../asm/index.ts'
import { loadVector, storeVector } from '../memory.ts'
import { constant, constI32, partsOf, type Vector } from '../vector.ts'
import type { Accumulator } from './accumulator.ts'

/** So many partial folds take turns, so that one need not wait for another. */
const turns = 4

/** What is exact in any order: extremes, and integer sums, which wrap. */
export class Fold implements Accumulator {
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
