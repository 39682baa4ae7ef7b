import type { DType, Type, TypedArray, Value } from '@stint/graph'
import type { Case, Suite } from './case.ts'
import type { Executor, FloatType } from './executor.ts'
import type { Tensor } from './safetensors.ts'

/** What a case is run with. */
export interface Context {
  readonly case: Case
  readonly suite: Suite
  readonly executor: Executor
  /** The precision of its floating-point numbers. */
  readonly dtype: FloatType
  /** Most steps of a training run; all of the case's unless given. */
  readonly trainingSteps?: number
}

/** Why a case cannot run yet. */
export class Unsupported extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'Unsupported'
  }
}

/** Inputs of a case by role (`input`, `weight` …). */
export type Operands = { readonly [role: string]: Value }

// `never`, so that each entry of a table may name the attributes that it reads; the suite's format vouches for them.
/** An operation as a function of traced values; throws Unsupported where an attribute asks for what does not exist. */
export type Build = (x: Operands, attrs: never) => Value | readonly Value[]

/** Operations by their name in the suite. */
export type Family = { readonly [op: string]: Build }

/** The type of a stored tensor in the precision of the run. */
export function typeOf(tensor: Tensor, dtype: FloatType): Type {
  return { dtype: tensor.dtype === 'f32' ? dtype : tensor.dtype, shape: tensor.shape }
}

/** The numbers of a stored tensor as a run takes them. */
export function arrayOf(tensor: Pick<Tensor, 'data'>, dtype: DType): TypedArray {
  return dtype === 'f64' ? Float64Array.from(tensor.data) : tensor.data
}
