import { f32, i32 } from '@stint/graph'
import {
  conv2d,
  globalAvgPool2d,
  type Initializer,
  type Layer,
  linear,
  type Module,
  parameter,
  relu,
  residual,
  sequential,
  sgd,
} from '@stint/nn'
import { channelsFirst, imageBatches } from './batches.ts'
import { he, Weights } from './weights.ts'
import type { Workload } from './workload.ts'

/** Batch normalization that keeps no running statistics, as the peers' does. */
function batchStatistics(channels: number, weight: Initializer, bias: Initializer): Module {
  return {
    kind: 'batchStatistics',
    tensors: { weight: parameter([channels], weight), bias: parameter([channels], bias) },
    forward(scope, x) {
      const axes = [0, 2, 3]
      const [gamma, beta] = ['weight', 'bias'].map(name => scope.tensor(name).reshape([channels, 1, 1]))
      const centred = x.sub(x.mean(axes, true))
      const scale = centred.square().mean(axes, true).add(1e-5).rsqrt()
      return centred.mul(scale).mul(gamma!).add(beta!)
    },
  }
}

function model(): Layer {
  const weights = new Weights()
  const convolution = (kernel: number, inputs: number, outputs: number, stride = 1): Module =>
    sequential(
      conv2d(inputs, outputs, kernel, {
        stride,
        padding: 'same',
        bias: false,
        weightInit: weights.image(kernel, kernel, inputs, outputs, he(kernel * kernel * inputs)),
      }),
      batchStatistics(outputs, weights.ones(), weights.zeros()),
    )
  const layers: Layer[] = [convolution(3, 3, 16), relu()]
  let inputs = 16
  for (const outputs of [16, 32, 64])
    for (let block = 0; block < 3; block++) {
      const stride = inputs === outputs ? 1 : 2
      const body = [
        convolution(3, inputs, outputs, stride),
        relu(),
        convolution(3, outputs, outputs),
      ] as const
      const shortcut = inputs === outputs ? undefined : convolution(1, inputs, outputs, stride)
      layers.push(residual(sequential(...body), shortcut), relu())
      inputs = outputs
    }
  const dense = linear(64, 10, { weightInit: weights.matrix(he(64)), biasInit: weights.zeros() })
  return sequential(...layers, globalAvgPool2d(), dense)
}

export const w3: Workload = {
  name: 'w3',
  about: 'ResNet-20 on 32×32×3 with batch normalization, batch 32, SGD with momentum',
  model,
  optimizer: sgd(0.05, { momentum: 0.9 }),
  inputs: [f32(32, 3, 32, 32), i32(32)],
  batches: () =>
    imageBatches(32, 3072).map(({ x, y }) => ({ x: channelsFirst(x as Float32Array, 32, 1024, 3), y })),
}
