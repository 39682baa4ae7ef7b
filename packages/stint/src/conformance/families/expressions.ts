import { concat, cumSum, logSumExp, maxPool, prod, stopGradient, type Value } from '@stint/graph'
import { apply, batchNorm, conv2d, crossEntropy } from '@stint/nn'
import type { Operands } from '../context.ts'
import { layer } from '../layer.ts'
import { normalize } from './norm.ts'

/** A function of the inputs of a case, by their names in its `expr`. */
export type Expression = (
  x: Operands,
  attrs: { readonly repeat?: number; readonly padding?: number },
) => Value

/** x W₁ + b₁, tanh, W₂ + b₂. */
export function perceptron({ x, w1, b1, w2, b2 }: Operands): Value {
  return x!.matmul(w1!).add(b1!).tanh().matmul(w2!).add(b2!)
}

/** x[1:] and x[:-1] of a vector. */
function shifted(x: Value): [tail: Value, head: Value] {
  const n = x.shape[0]!
  return [x.slice([1], [n]), x.slice([0], [n - 1])]
}

/** Functions by the text of `attrs.expr`. */
export const expressions: { readonly [expr: string]: Expression } = {
  'x*x + sin(x)*x': ({ x }) => x!.mul(x!).add(x!.sin().mul(x!)),
  '(x + x) * x - x': ({ x }) => x!.add(x!).mul(x!).sub(x!),
  'tanh(x) / (1 + exp(x)) * sum(x)': ({ x }) => x!.tanh().div(x!.exp().add(1)).mul(x!.sum()),
  'softmax(x, -1) * x': ({ x }) => x!.softmax(-1).mul(x!),
  'x - mean(x, -1, keepdim)': ({ x }) => x!.sub(x!.mean(-1, true)),
  'x * detach(x)': ({ x }) => x!.mul(stopGradient(x!)),
  '(x*y + x) / (1 + y*y) + x': ({ x, y }) => x!.mul(y!).add(x!).div(y!.mul(y!).add(1)).add(x!),
  'maximum(x, y) * sigmoid(x - y)': ({ x, y }) => x!.maximum(y!).mul(x!.sub(y!).sigmoid()),
  'repeat: x = tanh(x @ w) + 0.5*x': ({ x, w }, { repeat }) => {
    let y = x!
    for (let i = 0; i < repeat!; i++) y = y.matmul(w!).tanh().add(y.mul(0.5))
    return y
  },
  'sum(sin(x) * x^2)': ({ x }) => x!.sin().mul(x!.square()).sum(),
  'sum(x^3 * y) + sum(exp(x*y))': ({ x, y }) => x!.pow(3).mul(y!).sum().add(x!.mul(y!).exp().sum()),
  'logsumexp(x)^2': ({ x }) => logSumExp(x!).square(),
  'mean(((tanh(x@w1 + b1) @ w2 + b2) - t)^2)': x => perceptron(x).sub(x.t!).square().mean(),
  'cross_entropy(tanh(x@w1 + b1) @ w2 + b2, y)': x => crossEntropy(perceptron(x), x.y!),
  'tanh(w @ x) * softmax(w @ x)': ({ x, w }) => w!.matmul(x!).tanh().mul(w!.matmul(x!).softmax()),
  'concat(x^2, sin(w @ x))': ({ x, w }) => concat([x!.square(), w!.matmul(x!).sin()]),
  '(w @ x) / sqrt(1 + sum(x^2))': ({ x, w }) => w!.matmul(x!).div(x!.square().sum().add(1).sqrt()),
  'tanh(x @ w)': ({ x, w }) => x!.matmul(w!).tanh(),
  'sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)': ({ x }) => {
    const [tail, head] = shifted(x!)
    return tail.sub(head.square()).square().mul(100).add(head.neg().add(1).square()).sum()
  },
  'logsumexp(x) + prod(x)': ({ x }) => logSumExp(x!).add(prod(x!)),
  'sin(x) * x^2': ({ x }) => x!.sin().mul(x!.square()),
  'tanh(x)': ({ x }) => x!.tanh(),
}

/** The functions f in `0.5 * sum(c * f²)`, by `attrs.inner`. */
export const inner: { readonly [name: string]: Expression } = {
  exp: ({ x }) => x!.exp(),
  log: ({ x }) => x!.square().add(1).log(),
  tanh: ({ x }) => x!.tanh(),
  sigmoid: ({ x }) => x!.sigmoid(),
  sqrt: ({ x }) => x!.square().add(0.5).sqrt(),
  softmax: ({ x }) => x!.softmax(-1),
  log_softmax: ({ x }) => x!.logSoftmax(-1),
  layer_norm: ({ x }) => normalize(x!, [-1], 1e-5),
  div: ({ x }) => {
    const [tail, head] = shifted(x!)
    return tail.div(head.square().add(2))
  },
  gelu: ({ x }) => x!.mul(x!.mul(Math.SQRT1_2).erf().add(1)).mul(0.5),
  relu: ({ x }) => x!.relu(),
  max: ({ x }) => x!.max(-1),
  prod: ({ x }) => prod(x!, -1),
  cumsum: ({ x }) => cumSum(x!, -1),
  erf: ({ x }) => x!.erf(),
  matmul: ({ x, y }) => x!.matmul(y!),
  conv2d: ({ x, w }, { padding }) => {
    const [filters, channels, ...kernel] = w!.shape as [number, number, number, number]
    return layer(conv2d(channels, filters, kernel, { padding: padding!, bias: false }), { weight: w }, x!)
  },
  max_pool2d: ({ x }) => maxPool(x!, { window: 2 }),
  batch_norm: ({ x, w, b }) => {
    const channels = x!.shape[1]!
    const stats = { running_mean: w!.zerosLike(), running_var: w!.zerosLike().add(1) }
    return apply(batchNorm(channels), { weight: w!, bias: b!, ...stats }, x!, { training: true }).y
  },
}
