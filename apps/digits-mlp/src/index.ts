import { digits } from '@stint/data/node'
import { adam, crossEntropy, kaimingUniform, type Layer, linear, oneCycle, relu, sequential } from '@stint/nn'
import type { Recipe } from 'stint'

/** 64 features, six layers of 32, 10 classes: [N, 64] → [N, 10]. Deep enough for a budget to bite. */
function model(): Layer {
  // With the usual smaller weights the signal fades over so many layers, and learning starts late.
  const weightInit = kaimingUniform()
  const hidden = (from: number): Layer[] => [linear(from, 32, { weightInit }), relu()]
  return sequential(...[64, 32, 32, 32, 32, 32].flatMap(hidden), linear(32, 10))
}

/** A multilayer perceptron on handwritten digits, trained in 75 % of the memory that it would take unconstrained. */
export const recipe: Recipe = {
  name: 'digits-mlp',
  model,
  data: digits,
  loss: crossEntropy,
  optimizer: adam(),
  schedule: steps => oneCycle(1e-2, steps),
  batch: 256,
  epochs: 30,
  memory: '75%',
}
