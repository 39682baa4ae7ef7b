import { emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import { maximum, sub } from './elementwise.ts'
import { isValue, type Operand } from './lift.ts'

/** x within [low, high], either of them null for none; passes the derivative at its bounds, and NaN. */
export function clamp(x: Value, low: number | null, high: number | null): Value {
  const above = low === null ? x : x.lt(low).where(low, x)
  return high === null ? above : above.gt(high).where(high, above)
}

/** log(eᵃ + eᵇ) without overflow. */
export function logAddExp(a: Operand, b: Operand): Value {
  const [x, y] = isValue(a) ? [a, b] : [b as Value, a]
  // Equal infinities have no difference, and at a tie the halves of `maximum` are the whole derivative.
  const distance = x.eq(y).where(0, sub(x, y).abs())
  return maximum(x, y).add(distance.neg().exp().log1p())
}

/** log(1 + e^(βx)) / β: a smooth `relu`. */
export function softplus(x: Value, beta = 1): Value {
  return beta === 1 ? logAddExp(x, 0) : logAddExp(x.mul(beta), 0).div(beta)
}

/** log sigmoid(x) without overflow. */
export const logSigmoid = (x: Value): Value => softplus(x.neg()).neg()

/** x where positive, else `slope`·x. */
export const leakyRelu = (x: Value, slope = 0.01): Value => x.gt(0).where(x, x.mul(slope))

/** x where positive, else α (eˣ − 1). Clevert et al. 2016. */
export function elu(x: Value, alpha = 1): Value {
  const positive = x.gt(0)
  // The branch not taken must stay finite, or its zero cotangent would meet ∞.
  return positive.where(x, positive.where(0, x).expm1().mul(alpha))
}

/** The `elu` that keeps mean 0 and variance 1. Klambauer et al. 2017. */
export const selu = (x: Value): Value => elu(x, 1.6732632423543772).mul(1.0507009873554805)

/** min(max(x, 0), 6), with derivative 0 at both bounds. */
export function relu6(x: Value): Value {
  const y = x.relu()
  return y.ge(6).where(6, y)
}

/** x Φ(x) with the normal distribution Φ, or its approximation by tanh. Hendrycks & Gimpel 2016. */
export function gelu(x: Value, approximate: 'none' | 'tanh' = 'none'): Value {
  const phi =
    approximate === 'none'
      ? x.mul(Math.SQRT1_2).erf()
      : x.add(x.square().mul(x).mul(0.044715)).mul(0.7978845608028654).tanh()
  return x.mul(0.5).mul(phi.add(1))
}

/** x · sigmoid(x), also called swish. */
export const silu = (x: Value): Value => x.mul(x.sigmoid())

/** x · tanh(softplus(x)). Misra 2019. */
export const mish = (x: Value): Value => x.mul(softplus(x).tanh())

/** x / (1 + |x|). */
export const softsign = (x: Value): Value => x.div(x.abs().add(1))

/** relu6(x + 3) / 6. */
export const hardSigmoid = (x: Value): Value => relu6(x.add(3)).div(6)

/** x · relu6(x + 3) / 6. Howard et al. 2019. */
export const hardSwish = (x: Value): Value => x.mul(hardSigmoid(x))

/** `value` where `mask` (bool) holds, else x. */
export const maskedFill = (x: Value, mask: Value, value: number): Value => mask.where(value, x)

export const tan = (x: Value): Value => x.sin().div(x.cos())
export const atan = (x: Value): Value => emit('atan2', {}, x, x.zerosLike().add(1))
export const asin = (x: Value): Value => emit('atan2', {}, x, leg(x))
export const acos = (x: Value): Value => emit('atan2', {}, leg(x), x)

/** √(1 − x²), exact near ±1. */
const leg = (x: Value): Value => sub(1, x).mul(x.add(1)).sqrt()

/** (eˣ − e⁻ˣ) / 2, exact near 0. */
export const sinh = (x: Value): Value => x.expm1().sub(x.neg().expm1()).mul(0.5)
export const cosh = (x: Value): Value => x.exp().add(x.neg().exp()).mul(0.5)
export const log2 = (x: Value): Value => x.log().mul(Math.LOG2E)
export const exp2 = (x: Value): Value => x.mul(Math.LN2).exp()
