import { ShapeError, showType } from '@stint/graph'
import { fanInUniform, type Initializer } from '../initializers.ts'
import { type Module, parameter } from '../module.ts'

export interface LinearOptions {
  readonly bias?: boolean
  readonly weightInit?: Initializer
  readonly biasInit?: Initializer
}

/** y = x Wᵀ + b, on the last axis: x [..., inFeatures] → [..., outFeatures]; `weight` [outFeatures, inFeatures]. */
export function linear(inFeatures: number, outFeatures: number, options: LinearOptions = {}): Module {
  const { bias = true, weightInit = fanInUniform(), biasInit = fanInUniform(inFeatures) } = options
  return {
    kind: 'linear',
    tensors: {
      weight: parameter([outFeatures, inFeatures], weightInit),
      ...(bias && { bias: parameter([outFeatures], biasInit) }),
    },
    forward(scope, x) {
      const last = x.shape.length - 1
      if (x.shape[last] !== inFeatures)
        throw new ShapeError('the input does not fit the layer', {
          op: 'linear',
          expected: `${inFeatures} features on the last axis`,
          got: showType(x.type),
          hint: 'Images need flatten() first.',
        })
      const y = x.dot(scope.tensor('weight'), { batch: [[], []], contract: [[last], [1]] })
      return bias ? y.add(scope.tensor('bias')) : y
    },
  }
}
