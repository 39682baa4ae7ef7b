import { i32 } from '@stint/graph'
import {
  adamw,
  constantInit,
  embedding,
  type Initializer,
  type Layer,
  layerNorm,
  linear,
  type Module,
  parameter,
  sequential,
  transformerBlock,
} from '@stint/nn'
import { charBatches } from './batches.ts'
import { Weights } from './weights.ts'
import type { Workload } from './workload.ts'

const [rows, steps, vocabulary, features, heads, layers] = [16, 128, 96, 128, 4, 4]
/** Uniform numbers of standard deviation 0.02. */
const scale = 0.02 * Math.sqrt(3)

function block(weights: Weights): Module {
  weights.skip(2) // norm1
  const projection = matrixAndBias(weights)
  const output = matrixAndBias(weights)
  weights.skip(2) // norm2
  const wide = matrixAndBias(weights)
  const narrow = matrixAndBias(weights)
  const byShape: { readonly [shape: string]: Initializer } = {
    [`${3 * features},${features}`]: projection,
    [`${features},${features}`]: output,
    [`${4 * features},${features}`]: wide,
    [`${features},${4 * features}`]: narrow,
  }
  return transformerBlock(features, heads, {
    causal: true,
    weightInit: (shape, draws) => byShape[shape.join(',')]!(shape, draws),
    biasInit: constantInit(0),
  })
}

function matrixAndBias(weights: Weights): Initializer {
  const matrix = weights.matrix(scale)
  weights.skip(1)
  return matrix
}

/** Adds what is learnt for each position. */
function positions(init: Initializer): Module {
  return {
    kind: 'positions',
    tensors: { weight: parameter([steps, features], init) },
    forward: (scope, x) => x.add(scope.tensor('weight')),
  }
}

function model(): Layer {
  const weights = new Weights()
  return sequential(
    embedding(vocabulary, features, { weightInit: weights.same(scale) }),
    positions(weights.same(scale)),
    ...Array.from({ length: layers }, () => block(weights)),
    x => x.reshape([rows * steps, features]),
    layerNorm(features),
    head(weights),
  )
}

function head(weights: Weights): Module {
  weights.skip(2) // the last norm
  return linear(features, vocabulary, { bias: false, weightInit: weights.matrix(scale) })
}

export const w5: Workload = {
  name: 'w5',
  about: 'GPT of 4 layers, 128 features and 4 heads over 128 steps, batch 16, AdamW',
  model,
  optimizer: adamw(1e-3, { weightDecay: 0.01 }),
  inputs: [i32(rows, steps), i32(rows * steps)],
  batches: () => charBatches(rows, steps, vocabulary),
}
