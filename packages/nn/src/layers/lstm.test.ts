import { f32, type TypedArray, trace } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { initialState } from '../initial-state.ts'
import { mse } from '../losses/mse.ts'
import { tensorsOf } from '../module.ts'
import { adam } from '../optim/adam.ts'
import { predictStep, trainStep } from '../step.ts'
import { numbers, runner } from '../testing/run.ts'
import { lstm } from './lstm.ts'

type Weights = { readonly [name: string]: TypedArray }
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** One layer over one sequence, step by step: x [T][I] → [T][H]. */
function plain(w: Weights, k: number, hidden: number, x: number[][]): number[][] {
  const bias = (name: string, i: number): number => w[`${name}_l${k}`]?.[i] ?? 0
  const row = (name: string, i: number, v: number[]): number =>
    v.reduce((s, e, j) => s + e * w[`${name}_l${k}`]![i * v.length + j]!, 0)
  let h = Array.from({ length: hidden }, () => 0)
  let c = h
  return x.map(v => {
    const gate = (g: number, i: number): number => {
      const at = g * hidden + i
      return row('weight_ih', at, v) + bias('bias_ih', at) + row('weight_hh', at, h) + bias('bias_hh', at)
    }
    const before = c
    c = before.map((e, i) => sigmoid(gate(1, i)) * e + sigmoid(gate(0, i)) * Math.tanh(gate(2, i)))
    const after = c
    h = after.map((e, i) => sigmoid(gate(3, i)) * Math.tanh(e))
    return h
  })
}

describe('lstm', () => {
  const [n, steps, inputs, hidden] = [2, 5, 3, 4]
  const x = numbers(n * steps * inputs, 3)

  test.each([
    ['two biases', 1, 'two'],
    ['one bias', 1, 'one'],
    ['no bias', 1, 'none'],
    ['two layers', 2, 'two'],
  ] as const)('computes the recurrence: %s', (_, layers, bias) => {
    const net = lstm(inputs, hidden, { layers, bias })
    const weights = initialState(net, 2)
    const { output } = runner(predictStep(net), [f32(n, steps, inputs)], weights).step(x)
    for (let row = 0; row < n; row++) {
      let y = Array.from({ length: steps }, (_, t) => [
        ...x.subarray((row * steps + t) * inputs, (row * steps + t + 1) * inputs),
      ])
      for (let k = 0; k < layers; k++) y = plain(weights, k, hidden, y)
      for (const [i, want] of y.flat().entries())
        expect(output![row * steps * hidden + i]).toBeCloseTo(want, 5)
    }
  })

  test('keeps what PyTorch keeps, by the same names', () => {
    expect([...tensorsOf(lstm(3, 4, { layers: 2 }))].map(([name, { shape }]) => [name, shape])).toEqual([
      ['weight_ih_l0', [16, 3]],
      ['weight_hh_l0', [16, 4]],
      ['bias_ih_l0', [16]],
      ['bias_hh_l0', [16]],
      ['weight_ih_l1', [16, 4]],
      ['weight_hh_l1', [16, 4]],
      ['bias_ih_l1', [16]],
      ['bias_hh_l1', [16]],
    ])
  })

  test('projects all steps at once: one product outside the loop, one in each step but the first', () => {
    const { graph } = trace(predictStep(lstm(inputs, hidden)), [f32(n, steps, inputs)])
    expect(graph.nodes.filter(node => node.op === 'dot')).toHaveLength(1 + steps - 1)
  })

  test('learns to remember', () => {
    const [net, optimizer] = [lstm(1, 6), adam(0.05)]
    const step = trainStep(net, { loss: (y, t) => mse(y.slice([0, 4, 0], [8, 5, 1]), t), optimizer })
    const run = runner(step, [f32(8, 5, 1), f32(8, 1, 1)], initialState(net, 1, optimizer))
    const signs = Float32Array.from({ length: 8 }, (_, i) => (i % 2) - 0.5)
    const sequence = Float32Array.from({ length: 40 }, (_, i) => (i % 5 === 0 ? 2 * signs[i / 5]! : 0))
    const losses = Array.from({ length: 40 }, () => run.step(sequence, signs).loss![0]!)
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 20)
  })

  test('refuses other shapes', () => {
    expect(() => trace(predictStep(lstm(3, 4)), [f32(2, 5, 4)])).toThrow(/lstm.*\[N, T, 3\].*f32\[2,5,4\]/s)
    expect(() => trace(predictStep(lstm(3, 4)), [f32(2, 3)])).toThrow(/lstm/)
    expect(() => lstm(3, 4, { layers: 0 })).toThrow(/layers/)
  })
})
