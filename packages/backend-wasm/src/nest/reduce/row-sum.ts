import type { DType } from '@stint/graph'
import type { FunctionBuilder, Local } from '../../asm/index.ts'
import { constF64, type Vector } from '../vector.ts'
import type { Accumulator, LaneMasks } from './accumulator.ts'
import { addWide, pushWide } from './wide.ts'

/** A float sum: lanes 0 and 1, then 2 and 3, in f64. */
export class RowSum implements Accumulator {
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
