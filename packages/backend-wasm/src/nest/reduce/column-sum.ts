import type { DType } from '@stint/graph'
import type { FunctionBuilder, Local } from '../../asm/index.ts'
import { loadVector, storeVector } from '../memory.ts'
import { constF64, type Vector } from '../vector.ts'
import type { Accumulator } from './accumulator.ts'
import { addWide } from './wide.ts'

/** Float sums of four points side by side: one lane of a chunk at a time. */
export class ColumnSum implements Accumulator {
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
