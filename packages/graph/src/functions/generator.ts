import type { DType } from '../dtype.ts'
import { emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import type { Shape } from '../type.ts'
import { full } from './lift.ts'
import { normalAxis } from './movement.ts'

export const zeros = (shape: Shape, dtype: DType = 'f32'): Value => full(0, dtype, shape)
export const ones = (shape: Shape, dtype: DType = 'f32'): Value => full(1, dtype, shape)

/** The index along `axis` of `shape`: 0, 1, 2 … */
export const iota = (shape: Shape, axis = -1, dtype: DType = 'i32'): Value =>
  emit('iota', { dtype, shape, axis: normalAxis(axis, shape.length) })

/** What random bits depend on beside seed, step and element. */
export interface RandomKey {
  /** Two 32-bit words that tell this use from all others, such as the hash of a layer's path. */
  readonly key: readonly [number, number]
  /** Which call of that layer, from 0. */
  readonly call?: number
}

/** Random u32 numbers of `shape` from a counter-based generator; `seed` and `step` are i32 scalars. */
export const randomBits = (seed: Value, step: Value, shape: Shape, { key, call = 0 }: RandomKey): Value =>
  emit('randomBits', { key, call, shape }, seed, step)

/** Random f32 numbers in [0, 1): `randomBits` by their upper 24 bits. */
export const randomUniform = (seed: Value, step: Value, shape: Shape, key: RandomKey): Value =>
  emit('bitsToUnit', {}, randomBits(seed, step, shape, key))
