import type { DType } from '../dtype.ts'
import { emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import type { Shape } from '../type.ts'
import { full } from './lift.ts'
import { normalAxis } from './movement.ts'

export const zeros = (shape: Shape, dtype: DType = 'f32'): Value => full(0, dtype, shape)
export const ones = (shape: Shape, dtype: DType = 'f32'): Value => full(1, dtype, shape)

/** The index along `axis` of `shape`: 0, 1, 2 … */
export const iota = (dtype: DType, shape: Shape, axis = -1): Value =>
  emit('iota', { dtype, shape, axis: normalAxis(axis, shape.length) })

export interface RandomOptions {
  /** Two 32-bit words that tell this use from all others, such as the hash of a layer's path. */
  readonly key: readonly [number, number]
  /** Which call of that layer, from 0. */
  readonly call?: number
  readonly shape: Shape
}

/** Random u32 numbers from a counter-based generator; `seed` and `step` are i32 scalars. */
export const randomBits = (seed: Value, step: Value, { key, call = 0, shape }: RandomOptions): Value =>
  emit('randomBits', { key, call, shape }, seed, step)

/** Random f32 numbers in [0, 1): `randomBits` by their upper 24 bits. */
export const randomUniform = (seed: Value, step: Value, options: RandomOptions): Value =>
  emit('bitsToUnit', {}, randomBits(seed, step, options))
