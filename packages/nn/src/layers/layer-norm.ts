import { type Shape, ShapeError, sameShape, showType } from '@stint/graph'
import { constantInit } from '../initializers.ts'
import { type Module, parameter } from '../module.ts'

export interface LayerNormOptions {
  readonly eps?: number
  /** Scale by `weight` and shift by `bias`; true unless said. */
  readonly affine?: boolean
}

/**
 * Normalizes over the last axes (Ba et al. 2016), by mean and biased variance: x [..., ...shape] → the same shape;
 * `weight` and `bias` have `shape`. Throws ShapeError where x does not end in `shape`.
 */
export function layerNorm(shape: number | Shape, options: LayerNormOptions = {}): Module {
  const { eps = 1e-5, affine = true } = options
  const over = typeof shape === 'number' ? [shape] : shape
  return {
    kind: 'layerNorm',
    ...(affine && {
      tensors: { weight: parameter(over, constantInit(1)), bias: parameter(over, constantInit(0)) },
    }),
    forward(scope, x) {
      if (over.length === 0 || !sameShape(x.shape.slice(-over.length), over))
        throw new ShapeError('the input does not fit the layer', {
          op: 'layerNorm',
          expected: `[..., ${over.join(', ')}]`,
          got: showType(x.type),
        })
      const axes = over.map((_, i) => i - over.length)
      const centred = x.sub(x.mean(axes, true))
      const scale = centred.square().mean(axes, true).add(eps).rsqrt()
      const y = centred.mul(scale)
      return affine ? y.mul(scope.tensor('weight')).add(scope.tensor('bias')) : y
    },
  }
}
