import type { OpDef } from '../op.ts'
import { conv } from './contraction/conv.ts'
import { convInput } from './contraction/conv-input.ts'
import { convWeight } from './contraction/conv-weight.ts'
import { dot } from './contraction/dot.ts'
import { abs } from './elementwise/abs.ts'
import { add } from './elementwise/add.ts'
import { and } from './elementwise/and.ts'
import { atan2 } from './elementwise/atan2.ts'
import { bitsToUnit } from './elementwise/bits-to-unit.ts'
import { cast } from './elementwise/cast.ts'
import { ceil } from './elementwise/ceil.ts'
import { cos } from './elementwise/cos.ts'
import { div } from './elementwise/div.ts'
import { eq } from './elementwise/eq.ts'
import { erf } from './elementwise/erf.ts'
import { exp } from './elementwise/exp.ts'
import { expm1 } from './elementwise/expm1.ts'
import { floor } from './elementwise/floor.ts'
import { le } from './elementwise/le.ts'
import { log } from './elementwise/log.ts'
import { log1p } from './elementwise/log1p.ts'
import { lt } from './elementwise/lt.ts'
import { maximum } from './elementwise/maximum.ts'
import { minimum } from './elementwise/minimum.ts'
import { mul } from './elementwise/mul.ts'
import { ne } from './elementwise/ne.ts'
import { neg } from './elementwise/neg.ts'
import { not } from './elementwise/not.ts'
import { or } from './elementwise/or.ts'
import { pow } from './elementwise/pow.ts'
import { reciprocal } from './elementwise/reciprocal.ts'
import { relu } from './elementwise/relu.ts'
import { round } from './elementwise/round.ts'
import { rsqrt } from './elementwise/rsqrt.ts'
import { sigmoid } from './elementwise/sigmoid.ts'
import { sign } from './elementwise/sign.ts'
import { sin } from './elementwise/sin.ts'
import { sqrt } from './elementwise/sqrt.ts'
import { square } from './elementwise/square.ts'
import { stopGradient } from './elementwise/stop-gradient.ts'
import { sub } from './elementwise/sub.ts'
import { tanh } from './elementwise/tanh.ts'
import { where } from './elementwise/where.ts'
import { full } from './generator/full.ts'
import { iota } from './generator/iota.ts'
import { randomBits } from './generator/random-bits.ts'
import { gather } from './indexing/gather.ts'
import { scatterAdd } from './indexing/scatter-add.ts'
import { broadcast } from './movement/broadcast.ts'
import { concat } from './movement/concat.ts'
import { flip } from './movement/flip.ts'
import { pad } from './movement/pad.ts'
import { reshape } from './movement/reshape.ts'
import { slice } from './movement/slice.ts'
import { transpose } from './movement/transpose.ts'
import { max } from './reduction/max.ts'
import { min } from './reduction/min.ts'
import { sum } from './reduction/sum.ts'
import { maxPool } from './window/max-pool.ts'
import { maxPoolGather } from './window/max-pool-gather.ts'
import { maxPoolScatter } from './window/max-pool-scatter.ts'
import { sumPool } from './window/sum-pool.ts'
import { sumUnpool } from './window/sum-unpool.ts'

// biome-ignore format: a table of names reads best in full lines.
export type ElementwiseOp =
  | 'abs' | 'add' | 'and' | 'atan2' | 'bitsToUnit' | 'cast' | 'ceil' | 'cos' | 'div' | 'eq' | 'erf' | 'exp' | 'expm1'
  | 'floor' | 'le' | 'log' | 'log1p' | 'lt' | 'maximum' | 'minimum' | 'mul' | 'ne' | 'neg' | 'not' | 'or' | 'pow'
  | 'reciprocal' | 'relu' | 'round' | 'rsqrt' | 'sigmoid' | 'sign' | 'sin' | 'sqrt' | 'square' | 'stopGradient'
  | 'sub' | 'tanh' | 'where'
export type MovementOp = 'broadcast' | 'concat' | 'flip' | 'pad' | 'reshape' | 'slice' | 'transpose'
export type GeneratorOp = 'full' | 'iota' | 'randomBits'
export type ReductionOp = 'max' | 'min' | 'sum'
// biome-ignore format: a table of names reads best in full lines.
export type AnchorOp =
  | 'conv' | 'convInput' | 'convWeight' | 'dot' | 'gather' | 'maxPool' | 'maxPoolGather' | 'maxPoolScatter'
  | 'scatterAdd' | 'sumPool' | 'sumUnpool'
/** Every primitive. A backend that maps over this type and misses one does not compile. */
export type OpName = ElementwiseOp | MovementOp | GeneratorOp | ReductionOp | AnchorOp

/** The op table: adding an op is one file and its line here. */
// biome-ignore format: a table of names reads best in full lines.
export const ops: { readonly [K in OpName]: OpDef } = {
  abs, add, and, atan2, bitsToUnit, broadcast, cast, ceil, concat, conv, convInput, convWeight, cos, div, dot, eq, erf,
  exp, expm1, flip, floor, full, gather, iota, le, log, log1p, lt, max, maxPool, maxPoolGather, maxPoolScatter,
  maximum, min, minimum, mul, ne, neg, not, or, pad, pow, randomBits, reciprocal, relu, reshape, round, rsqrt,
  scatterAdd, sigmoid, sign, sin, slice, sqrt, square, stopGradient, sub, sum, sumPool, sumUnpool, tanh, transpose,
  where,
}

export function isOpName(text: string): text is OpName {
  return Object.hasOwn(ops, text)
}

export function opDef(op: OpName): OpDef {
  return ops[op]
}
