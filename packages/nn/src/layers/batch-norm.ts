import { ShapeError, showType, sizeOf } from '@stint/graph'
import { constantInit, type Initializer } from '../initializers.ts'
import { type Module, parameter, statistic } from '../module.ts'

export interface BatchNormOptions {
  readonly eps?: number
  /** Share of the batch in the running statistics. */
  readonly momentum?: number
  /** Of the scale: 1 unless said. Zero for the last of a residual body makes the block pass its input on at first. */
  readonly weightInit?: Initializer
}

/**
 * Normalizes each channel (Ioffe & Szegedy 2015): x [N, C, ...] → the same shape. Training uses the batch's mean and
 * biased variance and moves the running statistics towards its mean and unbiased variance; evaluation uses those.
 */
export function batchNorm(channels: number, options: BatchNormOptions = {}): Module {
  const { eps = 1e-5, momentum = 0.1, weightInit = constantInit(1) } = options
  return {
    kind: 'batchNorm',
    tensors: {
      weight: parameter([channels], weightInit),
      bias: parameter([channels], constantInit(0)),
      running_mean: statistic([channels], constantInit(0)),
      running_var: statistic([channels], constantInit(1)),
    },
    forward(scope, x) {
      if (x.shape.length < 2 || x.shape[1] !== channels)
        throw new ShapeError('the input does not fit the layer', {
          op: 'batchNorm',
          expected: `[N, ${channels}, ...]`,
          got: showType(x.type),
        })
      const axes = x.shape.map((_, a) => a).filter(a => a !== 1)
      const perChannel = [channels, ...x.shape.slice(2).map(() => 1)]
      const [gamma, beta] = [scope.tensor('weight'), scope.tensor('bias')].map(v => v.reshape(perChannel))
      let mean = scope.tensor('running_mean')
      let variance = scope.tensor('running_var')
      if (scope.training) {
        const n = sizeOf(x.shape) / channels
        if (n < 2)
          throw new ShapeError('one value a channel has no variance', {
            op: 'batchNorm',
            expected: 'at least two values a channel while training',
            got: showType(x.type),
            hint: 'Use a larger batch, or drop the last short one.',
          })
        const batchMean = x.mean(axes)
        const batchVar = x.sub(batchMean.reshape(perChannel)).square().mean(axes)
        scope.update('running_mean', mean.mul(1 - momentum).add(batchMean.mul(momentum)))
        scope.update('running_var', variance.mul(1 - momentum).add(batchVar.mul((momentum * n) / (n - 1))))
        mean = batchMean
        variance = batchVar
      }
      const scale = variance.add(eps).rsqrt().reshape(perChannel)
      return x.sub(mean.reshape(perChannel)).mul(scale).mul(gamma!).add(beta!)
    },
  }
}
