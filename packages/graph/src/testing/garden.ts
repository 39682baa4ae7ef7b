import type { DType } from '../dtype.ts'
import { full } from '../functions/lift.ts'
import { flatten, reshape, slice, tile } from '../functions/movement.ts'
import { current } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import { type Shape, sizeOf } from '../type.ts'
import type { Random } from './random.ts'

/** Most elements of a value. */
const largest = 256
/** Values beyond this are brought back before they are used again, so that nothing overflows. */
const wild = 12

/** The values that a random graph has so far, and a bound of the size of each float. */
export class Garden {
  readonly random: Random
  readonly dtype: DType
  /** Whether every op must be smooth in the floats. */
  readonly smooth: boolean
  readonly floats: Value[] = []
  readonly integers: Value[] = []
  /** In a smooth graph they depend on no float that is fed. */
  readonly conditions: Value[] = []
  readonly #bounds = new Map<Value, number>()

  constructor(random: Random, dtype: DType, smooth: boolean) {
    this.random = random
    this.dtype = dtype
    this.smooth = smooth
  }

  /** How many nodes there are. */
  get nodes(): number {
    return current().nodes.length
  }

  /** A float to go on from: a late one more often than not. */
  pick(): Value {
    const { floats, random } = this
    return random.chance(0.6) ? random.pick(floats.slice(-4)) : random.pick(floats)
  }

  bound(x: Value): number {
    return this.#bounds.get(x) ?? wild
  }

  /** Adds a float of which no element exceeds `bound`; a large value or bound is brought down first. */
  put(x: Value, bound: number): Value {
    const small = sizeOf(x.shape) > largest ? x.sum(this.random.int(0, x.shape.length - 1)) : x
    const growth = small === x ? bound : (bound * sizeOf(x.shape)) / Math.max(1, sizeOf(small.shape))
    const tame = growth <= wild ? small : this.random.chance(0.5) ? small.tanh() : small.mul(1 / growth)
    this.#bounds.set(tame, growth <= wild ? growth : 1)
    this.floats.push(tame)
    return tame
  }

  /** A float of this shape: one that is there, or the elements of another one cut or repeated to fill it. */
  shaped(shape: Shape): Value {
    const fitting = this.floats.filter(
      x => x.shape.length === shape.length && x.shape.every((d, a) => d === shape[a]),
    )
    if (fitting.length > 0 && this.random.chance(0.8)) return this.random.pick(fitting)
    const from = this.pick()
    const shaped = this.#fill(from, shape)
    this.#bounds.set(shaped, this.bound(from))
    return shaped
  }

  #fill(from: Value, shape: Shape): Value {
    const [have, need] = [sizeOf(from.shape), sizeOf(shape)]
    if (have === 0) return full(0.5, this.dtype, shape)
    const flat = have < need ? tile(flatten(from), [Math.ceil(need / have)]) : flatten(from)
    return reshape(slice(flat, [0], [need]), shape)
  }

  /** A shape with `rank` axes of 1 to `most`. */
  shape(rank: number, most = 4): number[] {
    return Array.from({ length: rank }, () => this.random.int(1, most))
  }

  /** An axis of a value that has one. */
  axis(x: Value): number {
    return this.random.int(0, x.shape.length - 1)
  }
}

/** Adds something to the garden; may do nothing where it finds nothing to start from. */
export type Grow = (garden: Garden) => void
