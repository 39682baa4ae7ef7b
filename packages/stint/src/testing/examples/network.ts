import { fashionMnist } from '@stint/data/node'
import { adam, conv2d, crossEntropy, flatten, linear, maxPool2d, relu, sequential } from '@stint/nn'
import { fit, worker } from 'stint'

const { train, test } = await fashionMnist()
const model = sequential(
  conv2d(1, 8, 3, { padding: 'same' }),
  relu(),
  maxPool2d(2),
  conv2d(8, 16, 3, { padding: 'same' }),
  relu(),
  maxPool2d(2),
  flatten(),
  linear(16 * 7 * 7, 10),
)
const run = fit(model, {
  loss: crossEntropy,
  optimizer: adam(2e-3),
  data: train,
  test,
  batch: 64,
  steps: 10,
  memory: '4 MiB',
  backend: worker(),
})
for await (const { step, loss } of run) console.log(step, loss)
console.log(await run.evaluate())
await run.close()
