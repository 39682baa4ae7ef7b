import { digits } from '@stint/data/node'
import { crossEntropy, linear, oneCycle, relu, sequential, sgd } from '@stint/nn'
import { fit } from '@stint/train'
import { cpu } from 'stint'

const { train, test } = await digits()
const model = sequential(linear(64, 32), relu(), linear(32, 32), relu(), linear(32, 10))
const run = fit(model, {
  loss: crossEntropy,
  optimizer: sgd(0.1, { momentum: 0.9 }),
  schedule: steps => oneCycle(0.2, steps),
  data: train,
  test,
  batch: 128,
  epochs: 10,
  seed: 1,
  memory: '90%',
  backend: cpu(),
})
for await (const { step, epoch, loss, accuracy } of run)
  if (step % run.stepsPerEpoch === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, ${accuracy}`)

const { accuracy } = await run.evaluate()
console.log(`${run.session.arenaBytes} bytes, test accuracy ${accuracy}`)
await run.close()
