import { f32, i32 } from '@stint/graph'
import { adam, type Layer, linear, relu, sequential } from '@stint/nn'
import { imageBatches } from './batches.ts'
import { he, Weights } from './weights.ts'
import type { Workload } from './workload.ts'

function model(): Layer {
  const weights = new Weights()
  const dense = (inputs: number, outputs: number) =>
    linear(inputs, outputs, { weightInit: weights.matrix(he(inputs)), biasInit: weights.zeros() })
  return sequential(dense(784, 512), relu(), dense(512, 512), relu(), dense(512, 10))
}

export const w1: Workload = {
  name: 'w1',
  about: 'MLP 784-512-512-10, batch 128, Adam',
  model,
  optimizer: adam(1e-3),
  inputs: [f32(128, 784), i32(128)],
  batches: () => imageBatches(128, 784),
}
