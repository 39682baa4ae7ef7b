import { f32, i32, ShapeError, trace, type Value } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { initialState } from '../initial-state.ts'
import { constantInit } from '../initializers.ts'
import { crossEntropy } from '../losses/cross-entropy.ts'
import { mse } from '../losses/mse.ts'
import { type Layer, parameter, tensorsOf } from '../module.ts'
import { sgd } from '../optim/sgd.ts'
import { evalStep, predictStep, trainStep } from '../step.ts'
import { mean, numbers, runner } from '../testing/run.ts'
import { elu, flatten, gelu, leakyRelu, relu, silu, softmax } from './activations.ts'
import { batchNorm } from './batch-norm.ts'
import { module, residual, sequential } from './containers.ts'
import { conv2d } from './conv2d.ts'
import { dropout } from './dropout.ts'
import { linear } from './linear.ts'
import { avgPool2d, globalAvgPool2d, maxPool2d } from './pool2d.ts'

const shapeOf = (layer: Layer, ...shape: number[]): readonly number[] => {
  const { graph } = trace(predictStep(layer), [f32(...shape)])
  return graph.values[graph.outputs[0]!.value]!.shape
}

describe('shapes', () => {
  test.each([
    [linear(8, 3), [4, 8], [4, 3]],
    [linear(8, 3), [2, 5, 8], [2, 5, 3]],
    [conv2d(3, 6, 3), [2, 3, 10, 8], [2, 6, 8, 6]],
    [conv2d(3, 6, 3, { padding: 'same' }), [2, 3, 10, 8], [2, 6, 10, 8]],
    [conv2d(1, 6, 5, { padding: 'same', stride: 2 }), [2, 1, 28, 28], [2, 6, 14, 14]],
    [conv2d(1, 6, 5, { padding: 2, stride: 2 }), [2, 1, 28, 27], [2, 6, 14, 14]],
    [conv2d(4, 8, [1, 3], { groups: 2, dilation: [1, 2], padding: [0, 2] }), [1, 4, 5, 6], [1, 8, 5, 6]],
    [maxPool2d(2), [2, 3, 7, 8], [2, 3, 3, 4]],
    [maxPool2d(3, { stride: 2, padding: 1 }), [2, 3, 8, 8], [2, 3, 4, 4]],
    [avgPool2d([2, 3]), [2, 3, 4, 6], [2, 3, 2, 2]],
    [globalAvgPool2d(), [2, 3, 4, 6], [2, 3]],
    [flatten(), [2, 3, 4, 6], [2, 72]],
    [batchNorm(3), [2, 3, 4, 6], [2, 3, 4, 6]],
    [sequential(conv2d(1, 2, 3), relu(), flatten(), linear(2 * 6 * 6, 10)), [5, 1, 8, 8], [5, 10]],
  ] as const)('%#', (layer, input, output) => {
    expect(shapeOf(layer, ...input)).toEqual(output)
  })

  test('what does not fit says so, with the layer and what it takes', () => {
    expect(() => shapeOf(linear(8, 3), 4, 7)).toThrow(/linear.*8 features.*f32\[4,7\]/s)
    expect(() => shapeOf(sequential(linear(8, 3), linear(4, 2)), 4, 8)).toThrow(ShapeError)
    expect(() => shapeOf(conv2d(3, 6, 3), 2, 1, 8, 8)).toThrow(/\[N, 3, H, W\]/)
    expect(() => conv2d(3, 6, 3, { groups: 2 })).toThrow(/groups/)
    expect(() => shapeOf(batchNorm(3), 2, 4)).toThrow(/batchNorm/)
    expect(() => dropout(1)).toThrow(/probability/)
  })
})

describe('activations', () => {
  test.each([
    ['relu', relu(), (x: number) => Math.max(x, 0)],
    ['leakyRelu', leakyRelu(0.2), (x: number) => (x > 0 ? x : 0.2 * x)],
    ['elu', elu(1.5), (x: number) => (x > 0 ? x : 1.5 * Math.expm1(x))],
    ['silu', silu(), (x: number) => x / (1 + Math.exp(-x))],
    [
      'gelu tanh',
      gelu('tanh'),
      (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    ],
  ] as const)('%s', (_, layer, f) => {
    const x = Float32Array.of(-30, -2, -0.5, 0, 0.3, 1, 4, 40)
    const { output } = runner(predictStep(layer), [f32(8)], {}).step(x)
    for (const [i, v] of x.entries()) expect(output![i]).toBeCloseTo(f(v), 5)
  })

  test('softmax sums to one, however large its input', () => {
    const { output } = runner(predictStep(softmax()), [f32(2, 3)], {}).step(
      Float32Array.of(1e4, 1e4, -1e4, 0, 1, 2),
    )
    expect(output![0]).toBe(0.5)
    expect(output![3]! + output![4]! + output![5]!).toBeCloseTo(1, 6)
  })
})

describe('pooling', () => {
  test('the mean counts the padding, or does not', () => {
    const x = new Float32Array(4).fill(1)
    const pooled = (countIncludePad: boolean) =>
      Array.from(
        runner(predictStep(avgPool2d(2, { padding: 1, countIncludePad })), [f32(1, 1, 2, 2)], {}).step(x)
          .output!,
      )
    expect(pooled(true)).toEqual([0.25, 0.25, 0.25, 0.25])
    expect(pooled(false)).toEqual([1, 1, 1, 1])
  })
})

describe('dropout', () => {
  const layer = sequential(linear(1, 4000, { bias: false, weightInit: constantInit(1) }), dropout(0.3))
  const step = trainStep(layer, { loss: y => y.mean(), optimizer: sgd(0) })
  const start = initialState(layer, 5)
  const x = Float32Array.of(1)

  test('keeps the mean, drops anew each step, and the same for the same seed', () => {
    const losses = (seed: number) => {
      const run = runner(step, [f32(1, 1), f32()], { ...start, ...initialState(layer, seed) })
      return [0, 1, 2].map(() => run.step(x, Float32Array.of(0)).loss![0]!)
    }
    expect(losses(5)).toEqual(losses(5))
    expect(losses(5)).not.toEqual(losses(6))
    expect(new Set(losses(5)).size).toBe(3)
    expect(mean(losses(5))).toBeCloseTo(1, 1)
  })

  test('the gradient sees the mask of the forward pass', () => {
    const run = runner(trainStep(layer, { loss: y => y.sum(), optimizer: sgd(1) }), [f32(1, 1), f32()], start)
    const before = run.state['0.weight']!
    const { loss } = run.step(x, Float32Array.of(0))
    // Each kept weight moved by 1 / 0.7, each dropped one not at all.
    const moved = Array.from(run.state['0.weight']!, (w, i) => before[i]! - w)
    const kept = moved.filter(m => m !== 0)
    expect(kept.length).toBeGreaterThan(2600)
    expect(kept.length).toBeLessThan(3000)
    expect(loss![0]).toBeCloseTo(kept.length / 0.7, 1)
  })

  test('two layers and two calls of one draw apart; evaluation drops nothing', () => {
    const one = dropout(0.5)
    const difference = module({ d: one }, (m, y) => m.d(y).sub(m.d(y)).abs())
    const net = sequential(linear(1, 64, { bias: false, weightInit: constantInit(1) }), difference)
    const run = runner(
      trainStep(net, { loss: y => y.sum(), optimizer: sgd(0) }),
      [f32(1, 1), f32()],
      initialState(net, 1),
    )
    expect(run.step(x, Float32Array.of(0)).loss![0]).toBeGreaterThan(0)
    const still = runner(predictStep(net), [f32(1, 1)], initialState(net, 1))
    expect(Math.max(...still.step(x).output!)).toBe(0)
  })
})

describe('batch normalization', () => {
  const layer = batchNorm(2, { momentum: 0.25 })
  const x = numbers(3 * 2 * 4).map((v, i) => v * 3 + (i % 8 < 4 ? 5 : -1))

  test('normalizes by the batch and moves the running statistics towards it', () => {
    const step = trainStep(layer, { loss: (y, t) => y.mul(t).sum(), optimizer: sgd(0) })
    const run = runner(step, [f32(3, 2, 2, 2), f32(3, 2, 2, 2)], initialState(layer, 1))
    const channel = (c: number) => [...x].filter((_, i) => Math.floor(i / 4) % 2 === c)
    const pick = new Float32Array(24)
    pick[5] = 1
    const [m, all] = [mean(channel(1)), channel(1)]
    const biased = mean(all.map(v => (v - m) ** 2))
    expect(run.step(x, pick).loss![0]).toBeCloseTo((x[5]! - m) / Math.sqrt(biased + 1e-5), 4)
    expect(run.state.running_mean![1]).toBeCloseTo(0.25 * m, 5)
    expect(run.state.running_var![1]).toBeCloseTo(0.75 + (0.25 * biased * 12) / 11, 4)
  })

  test('evaluates with the running statistics, and leaves them', () => {
    const run = runner(predictStep(layer), [f32(3, 2, 2, 2)], {
      ...initialState(layer, 1),
      running_mean: Float32Array.of(5, 0),
      running_var: Float32Array.of(4, 1),
    })
    expect(run.step(x).output![0]).toBeCloseTo((x[0]! - 5) / 2, 4)
    expect(run.state.running_mean).toEqual(Float32Array.of(5, 0))
  })

  test('refuses to take the variance of one value', () => {
    const step = trainStep(layer, { loss: (y, t) => y.mul(t).sum(), optimizer: sgd(0) })
    expect(() => trace(step, [f32(1, 2), f32(1, 2)])).toThrow(/variance/)
  })
})

describe('modules', () => {
  test('name their tensors by path', () => {
    const block = module({ a: linear(2, 2), b: residual(linear(2, 2)) }, (m, x) => m.b(m.a(x)))
    expect([...tensorsOf(sequential(block, x => x.relu(), linear(2, 1))).keys()]).toEqual([
      '0.a.weight',
      '0.a.bias',
      '0.b.body.weight',
      '0.b.body.bias',
      '2.weight',
      '2.bias',
    ])
  })

  test('can be written by hand, and say what they lack', () => {
    const scale = {
      kind: 'scale',
      tensors: { factor: parameter([1], constantInit(3)) },
      forward: (scope: { tensor(n: string): Value }, x: Value) => x.mul(scope.tensor('factor')),
    }
    expect(
      runner(predictStep(scale), [f32(2)], initialState(scale, 1)).step(Float32Array.of(1, 2)).output,
    ).toEqual(Float32Array.of(3, 6))
    const wrong = {
      ...scale,
      forward: (scope: { tensor(n: string): Value }, x: Value) => x.mul(scope.tensor('facto')),
    }
    expect(() => trace(predictStep(wrong), [f32(2)])).toThrow(/keeps no tensor 'facto'.*factor/s)
  })

  test('shared by two places, a module keeps tensors of each', () => {
    const one = linear(2, 2)
    expect(tensorsOf(sequential(one, one)).size).toBe(4)
  })
})

describe('losses', () => {
  test('cross-entropy equals its definition, and stays finite', () => {
    const step = (x: Value, y: Value) => ({ loss: crossEntropy(x, y) })
    const run = runner(step, [f32(2, 3), i32(2)], {})
    const logits = Float32Array.of(1, 2, 3, 1000, 0, -1000)
    const want = (Math.log(Math.exp(-2) + Math.exp(-1) + 1) + 1 + 1000) / 2
    expect(run.step(logits, Int32Array.of(1, 1)).loss![0]).toBeCloseTo(want, 2)
    expect(() => run.step(logits, Int32Array.of(1, 3))).toThrow(/range/)
    expect(() => trace(step, [f32(0, 3), i32(0)])).toThrow(/N at least 1/)
    expect(() => trace(step, [f32(2, 3), i32(3)])).toThrow(ShapeError)
  })

  test('mean squared error', () => {
    const run = runner((x: Value, y: Value) => ({ loss: mse(x, y) }), [f32(2), f32(2)], {})
    expect(run.step(Float32Array.of(1, 2), Float32Array.of(3, 2)).loss![0]).toBe(2)
  })

  test('evaluation counts the right rows and changes nothing', () => {
    const net = linear(2, 2, { weightInit: constantInit(0), biasInit: constantInit(0) })
    const step = evalStep(net, { loss: crossEntropy, countCorrect: true })
    const run = runner(step, [f32(3, 2), i32(3)], initialState(net, 1))
    const before = run.state
    // All logits are equal: the first class counts.
    expect(run.step(numbers(6), Int32Array.of(0, 1, 0)).correct).toEqual(Int32Array.of(2))
    expect(run.state).toEqual(before)
  })
})
