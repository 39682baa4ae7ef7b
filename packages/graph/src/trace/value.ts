import type { DType } from '../dtype.ts'
import { TraceError } from '../errors.ts'
import * as c from '../functions/contraction.ts'
import * as e from '../functions/elementwise.ts'
import { broadcastTo, full, type Operand } from '../functions/lift.ts'
import * as m from '../functions/movement.ts'
import * as r from '../functions/reduction.ts'
import type { ValueId } from '../graph.ts'
import type { DotAttrs } from '../ops/contraction/dot.ts'
import { type Shape, showType, type Type } from '../type.ts'
import type { Builder } from './builder.ts'

/**
 * A value of a graph while it is traced. Methods add nodes and return new values; nothing is computed yet and
 * nothing is freed by hand. Numbers broadcast and take the dtype of the value they meet.
 *
 * @example
 * const y = x.matmul(w).add(b).relu()
 */
export class Value {
  readonly builder: Builder
  readonly id: ValueId
  readonly type: Type

  constructor(builder: Builder, id: ValueId, type: Type) {
    this.builder = builder
    this.id = id
    this.type = type
  }

  get dtype(): DType {
    return this.type.dtype
  }

  get shape(): Shape {
    return this.type.shape
  }

  add(other: Operand): Value {
    return e.add(this, other)
  }
  sub(other: Operand): Value {
    return e.sub(this, other)
  }
  mul(other: Operand): Value {
    return e.mul(this, other)
  }
  div(other: Operand): Value {
    return e.div(this, other)
  }
  pow(other: Operand): Value {
    return e.pow(this, other)
  }
  maximum(other: Operand): Value {
    return e.maximum(this, other)
  }
  minimum(other: Operand): Value {
    return e.minimum(this, other)
  }
  eq(other: Operand): Value {
    return e.eq(this, other)
  }
  ne(other: Operand): Value {
    return e.ne(this, other)
  }
  lt(other: Operand): Value {
    return e.lt(this, other)
  }
  le(other: Operand): Value {
    return e.le(this, other)
  }
  gt(other: Operand): Value {
    return e.gt(this, other)
  }
  ge(other: Operand): Value {
    return e.ge(this, other)
  }
  and(other: Operand): Value {
    return e.and(this, other)
  }
  or(other: Operand): Value {
    return e.or(this, other)
  }
  not(): Value {
    return e.not(this)
  }
  /** `a` where this (bool) holds, else `b`. */
  where(a: Operand, b: Operand): Value {
    return e.where(this, a, b)
  }

  neg(): Value {
    return e.neg(this)
  }
  abs(): Value {
    return e.abs(this)
  }
  sign(): Value {
    return e.sign(this)
  }
  exp(): Value {
    return e.exp(this)
  }
  expm1(): Value {
    return e.expm1(this)
  }
  log(): Value {
    return e.log(this)
  }
  log1p(): Value {
    return e.log1p(this)
  }
  sqrt(): Value {
    return e.sqrt(this)
  }
  rsqrt(): Value {
    return e.rsqrt(this)
  }
  reciprocal(): Value {
    return e.reciprocal(this)
  }
  square(): Value {
    return e.square(this)
  }
  sin(): Value {
    return e.sin(this)
  }
  cos(): Value {
    return e.cos(this)
  }
  tanh(): Value {
    return e.tanh(this)
  }
  sigmoid(): Value {
    return e.sigmoid(this)
  }
  relu(): Value {
    return e.relu(this)
  }
  erf(): Value {
    return e.erf(this)
  }
  floor(): Value {
    return e.floor(this)
  }
  ceil(): Value {
    return e.ceil(this)
  }
  round(): Value {
    return e.round(this)
  }
  stopGradient(): Value {
    return e.stopGradient(this)
  }
  cast(dtype: DType): Value {
    return e.cast(this, dtype)
  }

  reshape(shape: Shape): Value {
    return m.reshape(this, shape)
  }
  transpose(perm?: readonly number[]): Value {
    return m.transpose(this, perm)
  }
  /** Repeated to `shape`; `axes` says where this value's axes go, right-aligned unless given. */
  broadcast(shape: Shape, axes?: readonly number[]): Value {
    return axes === undefined ? broadcastTo(this, shape) : m.broadcastAxes(this, shape, axes)
  }
  slice(start: readonly number[], stop?: readonly number[], step?: readonly number[]): Value {
    return m.slice(this, start, stop, step)
  }
  pad(before: readonly number[], after: readonly number[], value = 0): Value {
    return m.pad(this, before, after, value)
  }
  flip(axes?: number | readonly number[]): Value {
    return m.flip(this, axes)
  }
  concat(others: readonly Value[], axis = 0): Value {
    return m.concat([this, ...others], axis)
  }
  expandDims(axis: number): Value {
    return m.expandDims(this, axis)
  }
  squeeze(axes?: number | readonly number[]): Value {
    return m.squeeze(this, axes)
  }
  flatten(from = 0): Value {
    return m.flatten(this, from)
  }

  sum(axes?: r.Axes, keepDims = false): Value {
    return r.sum(this, axes, keepDims)
  }
  mean(axes?: r.Axes, keepDims = false): Value {
    return r.mean(this, axes, keepDims)
  }
  max(axes?: r.Axes, keepDims = false): Value {
    return r.max(this, axes, keepDims)
  }
  min(axes?: r.Axes, keepDims = false): Value {
    return r.min(this, axes, keepDims)
  }
  softmax(axis: r.Axes = -1): Value {
    return r.softmax(this, axis)
  }
  logSoftmax(axis: r.Axes = -1): Value {
    return r.logSoftmax(this, axis)
  }

  dot(other: Value, attrs: DotAttrs): Value {
    return c.dot(this, other, attrs)
  }
  matmul(other: Value): Value {
    return c.matmul(this, other)
  }

  zerosLike(): Value {
    return full(0, this.dtype, this.shape)
  }

  /** A traced value has no number yet: `if (x > 0)` and `x + 1` would silently do something else. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString()
    throw new TraceError('a traced value is used as a JavaScript number', {
      got: showType(this.type),
      hint: 'Use its methods (x.add(1), x.gt(0).where(a, b)); a program has no data-dependent JavaScript control flow.',
      site: this.builder.scopes.site(),
    })
  }

  toString(): string {
    return `%${this.id}: ${showType(this.type)}`
  }
}
