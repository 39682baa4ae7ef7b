import { full, logSoftmax, softmax, type Value, variance } from '@stint/graph'
import { apply, batchNorm, layerNorm } from '@stint/nn'
import type { Family } from '../context.ts'
import { layer } from '../layer.ts'

/** Mean 0 and variance 1 over some axes. */
export function normalize(x: Value, axes: readonly number[], eps: number): Value {
  return x.sub(x.mean(axes, true)).mul(variance(x, axes, true).add(eps).rsqrt())
}

/** Weight and bias of each channel of [N, C, ...]. */
function affine(x: Value, weight: Value | undefined, bias: Value | undefined): Value {
  const fit = (v: Value): Value => v.reshape([v.shape[0]!, ...x.shape.slice(2).map(() => 1)])
  const scaled = weight === undefined ? x : x.mul(fit(weight))
  return bias === undefined ? scaled : scaled.add(fit(bias))
}

/** The last axes, as many as `n`. */
const lastAxes = (x: Value, n: number): number[] => x.shape.map((_, a) => a).slice(x.shape.length - n)

interface BatchNormAttrs {
  readonly training: boolean
  readonly momentum: number
  readonly eps: number
}

export const norm: Family = {
  softmax: ({ input }, attrs: { dim: number }) => softmax(input!, attrs.dim),
  log_softmax: ({ input }, attrs: { dim: number }) => logSoftmax(input!, attrs.dim),
  batch_norm: (
    { input, weight, bias, running_mean, running_var },
    { training, ...options }: BatchNormAttrs,
  ) => {
    const x = input!
    const channels = x.shape[1]!
    const tensors = {
      weight: weight ?? full(1, x.dtype, [channels]),
      bias: bias ?? full(0, x.dtype, [channels]),
      running_mean: running_mean!,
      running_var: running_var!,
    }
    const { y, updates } = apply(batchNorm(channels, options), tensors, x, { training })
    return training ? [y, updates.running_mean!, updates.running_var!] : y
  },
  layer_norm: ({ input, weight, bias }, attrs: { normalized_shape: number[]; eps: number }) => {
    const options = { eps: attrs.eps, affine: weight !== undefined }
    return layer(layerNorm(attrs.normalized_shape, options), { weight, bias }, input!)
  },
  group_norm: ({ input, weight, bias }, attrs: { num_groups: number; eps: number }) => {
    const [n, , ...rest] = input!.shape as [number, number, ...number[]]
    const groups = input!.reshape([n, attrs.num_groups, -1])
    return affine(normalize(groups, [2], attrs.eps).reshape([n, -1, ...rest]), weight, bias)
  },
  instance_norm: ({ input }, attrs: { eps: number }) =>
    normalize(input!, lastAxes(input!, input!.shape.length - 2), attrs.eps),
  rms_norm: ({ input, weight }, attrs: { eps: number }) =>
    input!.mul(input!.square().mean(-1, true).add(attrs.eps).rsqrt()).mul(weight!),
}
