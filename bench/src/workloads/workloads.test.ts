import { cpu } from '@stint/backend-cpu'
import { openSession } from '@stint/engine'
import { type Graph, sizeOf, trace } from '@stint/graph'
import { crossEntropy, evalStep, initialState, trainStep } from '@stint/nn'
import { describe, expect, test } from 'vitest'
import { channelsFirst, charBatches, imageBatches } from './batches.ts'
import { hash, uniform } from './hash.ts'
import { workloads } from './index.ts'
import { Weights } from './weights.ts'

const full = process.env.STINT_FULL === '1'

// Numbers of the peers' own generator, and the first losses that they agree on.
describe('numbers are those of the peers', () => {
  test('the hash', () => {
    expect([0, 1, 5, 1000].map(i => hash(i, 3))).toEqual([454327756, 2535364964, 3537421946, 1684431969])
    expect([0, 1, 5, 1000].map(i => hash(i, 1007))).toEqual([483183841, 395369721, 3383459325, 1675918273])
    expect(uniform(3, 11, 0.5)).toEqual(
      Float32Array.of(0.06824086606502533, -0.018045295029878616, -0.42994266748428345),
    )
  })

  test('the batches', () => {
    const text = charBatches(16, 128)
    expect([...text[0]!.x.subarray(0, 6)]).toEqual([43, 30, 63, 36, 92, 84])
    expect([...text[3]!.y.subarray(-4)]).toEqual([13, 73, 86, 54])
    const images = imageBatches(128, 784)
    expect([...images[1]!.y.subarray(0, 5)]).toEqual([6, 9, 8, 2, 6])
    expect(images[1]!.x.subarray(0, 3)).toEqual(
      Float32Array.of(0.997532069683075, -0.2188097983598709, -0.6051229238510132),
    )
    expect(images[3]!.x.at(-1)).toBe(Math.fround(-0.5715050101280212))
  })

  test('the weights, brought from the layout of the peers to ours', () => {
    const draws = { uniform: () => 0, normal: () => 0 }
    const weights = new Weights()
    const [matrix, image] = [weights.matrix(2), weights.image(3, 2, 4, 5, 1)]
    const [first, second] = [uniform(6, 1000, 2), uniform(120, 1001)]
    const dense = matrix([3, 2], draws)
    expect([...dense]).toEqual([0, 3, 1, 4, 2, 5].map(i => first[i]))
    // [out, in, height, width] at (1, 2, 0, 1) is [height, width, in, out] at (0, 1, 2, 1).
    expect(image([5, 4, 3, 2], draws)[1 * 24 + 2 * 6 + 1]).toBe(second[1 * 20 + 2 * 5 + 1])
    expect(image([5, 24], draws)[1 * 24 + 2 * 6 + 1]).toBe(second[1 * 20 + 2 * 5 + 1])
    expect(channelsFirst(Float32Array.of(0, 1, 2, 3, 4, 5), 1, 3, 2)).toEqual(
      Float32Array.of(0, 2, 4, 1, 3, 5),
    )
  })
})

describe('networks are those of the peers', () => {
  const parameters = (graph: Graph): number =>
    graph.state
      .filter(s => s.role === 'parameter')
      .reduce((n, s) => n + sizeOf(graph.values[s.value]!.shape), 0)

  test.each([
    ['w1', 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10],
    ['w2', 288 + 32 + 18432 + 64 + 9216 * 128 + 128 + 1280 + 10],
    ['w3', 272474],
    ['w4', 96 * 64 + 64 * 1024 + 256 * 1024 + 1024 + 256 * 96 + 96],
    ['w5', 96 * 128 * 2 + 128 * 128 + 4 * (128 * 384 + 384 + 128 * 129 + 512 * 129 + 128 * 513 + 512) + 256],
    ['w8', 118036],
  ])('%s traces, with its %d parameters', (name, count) => {
    const { model, optimizer, inputs } = workloads[name]!
    const step = trainStep(model(), { loss: crossEntropy, optimizer })
    expect(parameters(trace(step, [...inputs]).graph)).toBe(count)
  })

  test.each([
    ['w1', 2.5631818771362305],
    ...(full
      ? ([
          ['w2', 3.1516025066375732],
          ['w3', 3.4901680946350098],
          ['w4', 4.565047264099121],
          ['w5', 4.604279041290283],
        ] as const)
      : []),
  ] as const)('%s starts with the loss of the peers, %d', async (name, want) => {
    const { model, inputs, batches } = workloads[name]!
    const step = evalStep(model(), { loss: crossEntropy })
    const { graph } = trace(step, [...inputs], { names: ['x', 'y'] })
    await using session = await openSession({ programs: { step: graph }, backend: cpu() })
    const weights = initialState(model(), 0)
    await session.writeState(Object.fromEntries(session.state.map(({ path }) => [path, weights[path]!])))
    const { x, y } = batches()[0]!
    const { loss } = await session.run('step', { x, y })
    expect(Math.abs(loss![0]! - want) / want).toBeLessThan(1e-5)
  })
})
