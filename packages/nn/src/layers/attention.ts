import { gelu, iota, ShapeError, StintError, showType, split, type Value } from '@stint/graph'
import { constantInit, type Initializer, xavierUniform } from '../initializers.ts'
import { asModule, type Layer, type Module, parameter } from '../module.ts'
import { module } from './containers.ts'
import { dropout as dropoutLayer } from './dropout.ts'
import { layerNorm } from './layer-norm.ts'
import { linear } from './linear.ts'

export interface AttentionOptions {
  /** Each position sees itself and those before it. */
  readonly causal?: boolean
  readonly bias?: boolean
  /** Of every weight matrix, in place of PyTorch's defaults. */
  readonly weightInit?: Initializer
  /** Of every bias. */
  readonly biasInit?: Initializer
}

/**
 * Self-attention in several heads (Vaswani et al. 2017): x [N, T, features] → the same shape. `in_proj_weight`
 * [3 features, features] gives queries, keys and values, a head after the other in each; `out_proj` joins the heads.
 *
 * Throws StintError where the heads do not divide the features, ShapeError for an x of another shape.
 */
export function multiHeadAttention(features: number, heads: number, options: AttentionOptions = {}): Module {
  const { causal = false, bias = true, weightInit, biasInit = constantInit(0) } = options
  if (!Number.isInteger(heads) || heads < 1 || features % heads !== 0)
    throw new StintError('ATTR', 'the heads do not divide the features', {
      op: 'multiHeadAttention',
      expected: `a divisor of ${features}`,
      got: String(heads),
    })
  return {
    kind: 'multiHeadAttention',
    tensors: {
      in_proj_weight: parameter([3 * features, features], weightInit ?? xavierUniform()),
      ...(bias && { in_proj_bias: parameter([3 * features], biasInit) }),
    },
    children: { out_proj: linear(features, features, { bias, biasInit, ...(weightInit && { weightInit }) }) },
    forward(scope, x) {
      const [n, steps, width] = x.shape
      if (x.shape.length !== 3 || width !== features)
        throw new ShapeError('the input does not fit the layer', {
          op: 'multiHeadAttention',
          expected: `[N, T, ${features}]`,
          got: showType(x.type),
        })
      let all = x.dot(scope.tensor('in_proj_weight'), { batch: [[], []], contract: [[2], [1]] })
      if (bias) all = all.add(scope.tensor('in_proj_bias'))
      const [q, k, v] = split(all, 3, 2).map(part => part.reshape([n!, steps!, heads, features / heads])) as [
        Value,
        Value,
        Value,
      ]
      return scope.call('out_proj', attention(q, k, v, { causal }).reshape(x.shape))
    },
  }
}

/**
 * softmax(q kᵀ / √d) v for each head: q [N, T, H, d], k and v [N, S, H, d] → [N, T, H, d]. With `causal`, position t
 * sees the positions up to t: the mask is computed where it is read, and never stored.
 */
export function attention(q: Value, k: Value, v: Value, options: { readonly causal?: boolean } = {}): Value {
  const depth = q.shape[3]!
  const raw = q.dot(k, {
    batch: [
      [0, 2],
      [0, 2],
    ],
    contract: [[3], [3]],
  })
  const scores = raw.mul(1 / Math.sqrt(depth))
  const weights = (options.causal === true ? hideLater(scores) : scores).softmax()
  return weights
    .dot(v, {
      batch: [
        [0, 1],
        [0, 2],
      ],
      contract: [[3], [1]],
    })
    .transpose([0, 2, 1, 3])
}

/** −∞ above the diagonal of the last two axes. */
function hideLater(scores: Value): Value {
  const square = scores.shape.slice(-2)
  return iota(square, 0).ge(iota(square, 1)).where(scores, Number.NEGATIVE_INFINITY)
}

export interface TransformerBlockOptions extends AttentionOptions {
  /** Width of the two dense layers; 4 features unless said. */
  readonly width?: number
  /** Between them; `gelu`, approximated by tanh, unless said. */
  readonly activation?: Layer
  /** Share of each branch's output that is dropped while training; 0 unless said. */
  readonly dropout?: number
}

/**
 * A transformer block with the norms before the branches (Xiong et al. 2020): x [N, T, features] → the same shape,
 * x ← x + self_attn(norm1(x)), x ← x + linear2(activation(linear1(norm2(x)))).
 */
export function transformerBlock(
  features: number,
  heads: number,
  options: TransformerBlockOptions = {},
): Module {
  const { width = 4 * features, activation = (x: Value) => gelu(x, 'tanh'), dropout = 0, ...rest } = options
  const { weightInit, biasInit } = options
  const inits = { ...(weightInit && { weightInit }), ...(biasInit && { biasInit }) }
  const children = {
    norm1: layerNorm(features),
    self_attn: multiHeadAttention(features, heads, rest),
    dropout1: dropoutLayer(dropout),
    norm2: layerNorm(features),
    linear1: linear(features, width, inits),
    activation: asModule(activation),
    linear2: linear(width, features, inits),
    dropout2: dropoutLayer(dropout),
  }
  return {
    ...module(children, (m, x) => {
      const attended = x.add(m.dropout1(m.self_attn(m.norm1(x))))
      const dense = m.linear2(m.activation(m.linear1(m.norm2(attended))))
      return attended.add(m.dropout2(dense))
    }),
    kind: 'transformerBlock',
  }
}
