import { f32, i32 } from '@stint/graph'
import { adam, conv2d, flatten, type Layer, linear, maxPool2d, relu, sequential } from '@stint/nn'
import { imageBatches } from './batches.ts'
import { he, Weights } from './weights.ts'
import type { Workload } from './workload.ts'

function model(): Layer {
  const weights = new Weights()
  const convolution = (inputs: number, outputs: number) =>
    conv2d(inputs, outputs, 3, {
      weightInit: weights.image(3, 3, inputs, outputs, he(9 * inputs)),
      biasInit: weights.zeros(),
    })
  return sequential(
    convolution(1, 32),
    relu(),
    convolution(32, 64),
    relu(),
    maxPool2d(2),
    flatten(),
    linear(9216, 128, { weightInit: weights.image(12, 12, 64, 128, he(9216)), biasInit: weights.zeros() }),
    relu(),
    linear(128, 10, { weightInit: weights.matrix(he(128)), biasInit: weights.zeros() }),
  )
}

export const w2: Workload = {
  name: 'w2',
  about: 'two convolutions, pooling, two dense layers on 28×28, batch 64, Adam',
  model,
  optimizer: adam(1e-3),
  inputs: [f32(64, 1, 28, 28), i32(64)],
  batches: () => imageBatches(64, 784),
}
