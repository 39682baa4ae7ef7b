import * as g from '@stint/graph'
import type { Family } from '../context.ts'

/** One input, one scalar function. */
const unary = (fn: (x: g.Value) => g.Value): Family[string] => {
  return ({ input }) => fn(input!)
}

export const elementwise: Family = {
  neg: unary(g.neg),
  abs: unary(g.abs),
  exp: unary(g.exp),
  log: unary(g.log),
  log1p: unary(g.log1p),
  expm1: unary(g.expm1),
  sqrt: unary(g.sqrt),
  rsqrt: unary(g.rsqrt),
  reciprocal: unary(g.reciprocal),
  square: unary(g.square),
  sin: unary(g.sin),
  cos: unary(g.cos),
  tanh: unary(g.tanh),
  sigmoid: unary(g.sigmoid),
  relu: unary(g.relu),
  erf: unary(g.erf),
  sign: unary(g.sign),
  floor: unary(g.floor),
  ceil: unary(g.ceil),
  round: unary(g.round),
  tan: unary(g.tan),
  atan: unary(g.atan),
  asin: unary(g.asin),
  acos: unary(g.acos),
  sinh: unary(g.sinh),
  cosh: unary(g.cosh),
  log2: unary(g.log2),
  exp2: unary(g.exp2),
  relu6: unary(g.relu6),
  selu: unary(g.selu),
  mish: unary(g.mish),
  silu: unary(g.silu),
  softsign: unary(g.softsign),
  hardsigmoid: unary(g.hardSigmoid),
  hardswish: unary(g.hardSwish),
  logsigmoid: unary(g.logSigmoid),
  leaky_relu: ({ input }, attrs: { negative_slope: number }) => g.leakyRelu(input!, attrs.negative_slope),
  elu: ({ input }, attrs: { alpha: number }) => g.elu(input!, attrs.alpha),
  gelu: ({ input }, attrs: { approximate: 'none' | 'tanh' }) => g.gelu(input!, attrs.approximate),
  softplus: ({ input }, attrs: { beta: number }) => g.softplus(input!, attrs.beta),
  clamp: ({ input }, attrs: { min: number | null; max: number | null }) =>
    g.clamp(input!, attrs.min, attrs.max),
  pow_scalar: ({ input }, attrs: { exponent: number }) => input!.pow(attrs.exponent),
  add_scalar: ({ input }, attrs: { scalar: number }) => input!.add(attrs.scalar),
  sub_scalar: ({ input }, attrs: { scalar: number }) => input!.sub(attrs.scalar),
  rsub_scalar: ({ input }, attrs: { scalar: number }) => g.sub(attrs.scalar, input!),
  mul_scalar: ({ input }, attrs: { scalar: number }) => input!.mul(attrs.scalar),
  div_scalar: ({ input }, attrs: { scalar: number }) => input!.div(attrs.scalar),
  rdiv_scalar: ({ input }, attrs: { scalar: number }) => g.div(attrs.scalar, input!),
}
