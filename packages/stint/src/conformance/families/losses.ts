import { iota, logSigmoid, logSoftmax, type Value } from '@stint/graph'
import { crossEntropy, mse } from '@stint/nn'
import type { Family } from '../context.ts'

interface Attrs {
  readonly reduction: 'mean' | 'sum' | 'none' | 'batchmean'
}

function reduce(x: Value, { reduction }: Attrs): Value {
  if (reduction === 'none') return x
  if (reduction === 'batchmean') return x.sum().div(x.shape[0]!)
  return reduction === 'mean' ? x.mean() : x.sum()
}

/** ½d² within δ of zero, δ(|d| − ½δ) beyond. Huber 1964. */
function huber(d: Value, delta: number): Value {
  const distance = d.abs()
  return distance.le(delta).where(d.square().mul(0.5), distance.sub(delta / 2).mul(delta))
}

interface ClassAttrs extends Attrs {
  readonly label_smoothing?: number
  readonly ignore_index?: number | null
  readonly targets?: 'probabilities'
}

/** −log p of the target with classes on axis 1: weighted, smoothed, without the targets that do not count. */
function nll(logs: Value, target: Value, weight: Value | undefined, attrs: ClassAttrs): Value {
  const { label_smoothing: smoothing = 0, ignore_index: ignored = null, reduction } = attrs
  const classes = logs.shape[1]!
  const one = iota(logs.shape, 1).eq(target.expandDims(1))
  const perClass = weight?.reshape([classes, ...logs.shape.slice(2).map(() => 1)]) ?? logs.zerosLike().add(1)
  const weighted = logs.mul(perClass).neg()
  const own = one.where(weighted, 0).sum(1)
  const smoothed = own.mul(1 - smoothing).add(weighted.sum(1).mul(smoothing / classes))
  const counts = ignored === null ? target.eq(target) : target.ne(ignored)
  const each = counts.where(smoothing === 0 ? own : smoothed, 0)
  if (reduction !== 'mean') return reduce(each, attrs)
  const share = one.where(perClass.broadcast(logs.shape), 0).sum(1)
  return each.sum().div(counts.where(share, 0).sum())
}

export const losses: Family = {
  mse: ({ input, target }, attrs: Attrs) =>
    attrs.reduction === 'mean' ? mse(input!, target!) : reduce(input!.sub(target!).square(), attrs),
  l1: ({ input, target }, attrs: Attrs) => reduce(input!.sub(target!).abs(), attrs),
  huber: ({ input, target }, attrs: Attrs & { delta: number }) =>
    reduce(huber(input!.sub(target!), attrs.delta), attrs),
  smooth_l1: ({ input, target }, attrs: Attrs & { beta: number }) =>
    reduce(huber(input!.sub(target!), attrs.beta).div(attrs.beta), attrs),
  bce_with_logits: ({ input, target, weight, pos_weight }, attrs: Attrs) => {
    const hit = target!.mul(logSigmoid(input!))
    const miss = target!.neg().add(1).mul(logSigmoid(input!.neg()))
    const each = (pos_weight === undefined ? hit : hit.mul(pos_weight)).add(miss).neg()
    return reduce(weight === undefined ? each : each.mul(weight), attrs)
  },
  bce: ({ input, target }, attrs: Attrs) =>
    reduce(target!.mul(input!.log()).add(target!.neg().add(1).mul(input!.neg().log1p())).neg(), attrs),
  cross_entropy: ({ input, target, weight }, attrs: ClassAttrs) => {
    if (attrs.targets === 'probabilities') return logSoftmax(input!, 1).mul(target!).sum(1).neg().mean()
    const plain =
      attrs.reduction === 'mean' &&
      attrs.label_smoothing === 0 &&
      attrs.ignore_index === null &&
      weight === undefined
    return plain && input!.shape.length === 2
      ? crossEntropy(input!, target!)
      : nll(logSoftmax(input!, 1), target!, weight, attrs)
  },
  nll: ({ input, target, weight }, attrs: ClassAttrs) => nll(input!, target!, weight, attrs),
  kl_div: ({ input, target }, attrs: Attrs & { log_target: boolean }) => {
    const [p, log] = attrs.log_target ? [target!.exp(), target!] : [target!, target!.log()]
    return reduce(p.eq(0).where(0, p.mul(log.sub(input!))), attrs)
  },
}
