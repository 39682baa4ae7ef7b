import { i32 } from '@stint/graph'
import { adam, embedding, type Initializer, type Layer, linear, lstm, sequential } from '@stint/nn'
import { charBatches } from './batches.ts'
import { Weights } from './weights.ts'
import type { Workload } from './workload.ts'

const [rows, steps, vocabulary, features, hidden] = [32, 64, 96, 64, 256]

function model(): Layer {
  const weights = new Weights()
  const table = weights.same(1)
  const [fromInput, fromState, bias] = [weights.matrix(1 / 16), weights.matrix(1 / 16), weights.zeros()]
  const init: Initializer = (shape, draws) =>
    (shape.length === 1 ? bias : shape[1] === features ? fromInput : fromState)(shape, draws)
  return sequential(
    embedding(vocabulary, features, { weightInit: table }),
    lstm(features, hidden, { bias: 'one', init }),
    h => h.reshape([rows * steps, hidden]),
    linear(hidden, vocabulary, { weightInit: weights.matrix(1 / 16), biasInit: weights.zeros() }),
  )
}

export const w4: Workload = {
  name: 'w4',
  about: 'character LSTM of 256 units over 64 steps, batch 32, Adam',
  model,
  optimizer: adam(2e-3),
  inputs: [i32(rows, steps), i32(rows * steps)],
  batches: () => charBatches(rows, steps, vocabulary),
}
