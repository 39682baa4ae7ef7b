import { InfeasibleBudgetError, openSession } from '@stint/engine'
import {
  emit,
  evaluate,
  f32,
  type Graph,
  i32,
  maxPool,
  oneHot,
  randomUniform,
  setState,
  state,
  type TypedArray,
  trace,
  type Value,
} from '@stint/graph'
import { expect, test } from 'vitest'
import { cpu } from './cpu.ts'
import { arrayOf } from './testing/check.ts'

const attrs = {
  stride: [1, 1],
  padding: [
    [1, 1],
    [1, 1],
  ],
  dilation: [1, 1],
  groups: 1,
}
const [batch, channels, size, classes, depth] = [6, 4, 8, 5, 4]
const pooled = channels * (size / 2) ** 2

/** One step of a residual network with dropout: forward, backward and momentum, derivatives written out. */
function trainingStep(): Graph {
  const update = (path: string, gradient: Value): void => {
    const moment = state(`${path}.moment`, gradient.type, 'optimizer').mul(0.9).add(gradient)
    setState(`${path}.moment`, moment)
    setState(path, state(path, gradient.type, 'parameter').sub(moment.mul(0.05)))
  }
  const step = (x: Value, y: Value) => {
    const count = state('count', i32(), 'statistic')
    setState('count', count.add(1))
    const kernels = Array.from({ length: depth }, (_, i) => state(`conv${i}`, f32(channels, channels, 3, 3)))
    const biases = Array.from({ length: depth }, (_, i) => state(`bias${i}`, f32(channels)))
    const dense = state('dense', f32(pooled, classes))
    const values = [x]
    for (const [i, k] of kernels.entries()) {
      const z = emit('conv', attrs, values[i]!, k).add(biases[i]!.reshape([channels, 1, 1]))
      values.push(values[i]!.add(z).relu())
    }
    const last = values[depth]!
    const flat = maxPool(last, { window: 2 }).reshape([batch, pooled])
    const mask = randomUniform(count, count, flat.shape, { key: [7, 9] }).lt(0.8)
    const dropped = mask.where(flat.div(0.8), 0)
    const logits = dropped.matmul(dense).logSoftmax()
    const target = oneHot(y, classes)
    const loss = logits.mul(target).sum().neg().div(batch)
    const ct = logits.softmax().sub(target).div(batch)
    update('dense', dropped.transpose().matmul(ct))
    const back = mask.where(ct.matmul(dense.transpose()).div(0.8), 0)
    const pool = {
      window: [2, 2],
      stride: [2, 2],
      padding: [
        [0, 0],
        [0, 0],
      ],
    }
    let g = emit('maxPoolScatter', pool, last, back.reshape([batch, channels, size / 2, size / 2]))
    for (let i = depth - 1; i >= 0; i--) {
      const dz = values[i + 1]!.gt(0).where(g, 0)
      update(`conv${i}`, emit('convWeight', { ...attrs, size: [3, 3] }, values[i]!, dz))
      update(`bias${i}`, dz.sum([0, 2, 3]))
      g = dz.add(emit('convInput', { ...attrs, size: [size, size] }, dz, kernels[i]!))
    }
    return { loss, logits }
  }
  const inputs = [f32(batch, channels, size, size), i32(batch)]
  return trace(step, inputs, { name: 'step', names: ['x', 'y'] }).graph
}

const graph = trainingStep()
const feeds = [0, 1, 2].map(i => ({
  x: arrayOf(f32(batch, channels, size, size), { seed: 10 + i }),
  y: arrayOf(i32(batch), { seed: 20 + i, below: classes }),
}))
const first = Object.fromEntries(
  graph.state.map(({ path, value }, i) => {
    const array = arrayOf(graph.values[value]!, { seed: i })
    return [path, array instanceof Int32Array ? array : array.map(v => v * 0.1)]
  }),
)

function expected(): { outputs: TypedArray[]; state: Record<string, TypedArray> } {
  let kept: Record<string, TypedArray> = first
  const outputs = feeds.flatMap(inputs => {
    const made = evaluate(graph, { inputs, state: kept })
    kept = made.state
    return Object.values(made.outputs)
  })
  return { outputs, state: kept }
}

const open = (memory: number | 'none' | `${number}%`) =>
  openSession({ programs: { step: graph }, backend: cpu(), memory })

const truth = expected()

async function smallest(): Promise<number> {
  const error = await open(1).catch((e: unknown) => e)
  if (!(error instanceof InfeasibleBudgetError)) throw error
  return error.smallestBudgetBytes
}

for (const memory of ['none', '90%', 'smallest'] as const)
  test(`a training step has the bits of the reference, budget ${memory}, and passes the audit`, async () => {
    await using session = await open(memory === 'smallest' ? await smallest() : memory)
    await session.writeState(first)
    const outputs: TypedArray[] = []
    for (const [i, inputs] of feeds.entries()) {
      if (i === 1) {
        const audited = await session.audit('step', inputs)
        outputs.push(...Object.values(audited.outputs))
        expect(audited.report.touchedPeakBytes).toBeLessThanOrEqual(session.arenaBytes)
      } else outputs.push(...Object.values(await session.run('step', inputs)))
    }
    expect(outputs).toEqual(truth.outputs)
    for (const path of Object.keys(first))
      expect(await session.readState(path), path).toEqual(truth.state[path])
    if (memory === 'smallest') expect(session.plan().recomputed.length).toBeGreaterThan(0)
  })
