import { f32, i32 } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { initialState } from './initial-state.ts'
import {
  constantInit,
  fanInUniform,
  kaimingNormal,
  kaimingUniform,
  normalInit,
  xavierNormal,
  xavierUniform,
} from './initializers.ts'
import { relu } from './layers/activations.ts'
import { sequential } from './layers/containers.ts'
import { linear } from './layers/linear.ts'
import { crossEntropy } from './losses/cross-entropy.ts'
import { mse } from './losses/mse.ts'
import { parameter } from './module.ts'
import { adam, adamw } from './optim/adam.ts'
import { sgd } from './optim/sgd.ts'
import { constant, cosine, oneCycle } from './schedule/schedule.ts'
import { trainStep } from './step.ts'
import { mean, numbers, runner } from './testing/run.ts'

describe('initial state', () => {
  const spec = (init: Parameters<typeof parameter>[1]) => ({
    kind: 'test',
    tensors: { w: parameter([64, 32, 3, 3], init) },
    forward: (_: unknown, x: never) => x,
  })
  const deviation = (x: Float32Array) => Math.sqrt(mean([...x].map(v => v * v)))

  test.each([
    ['kaiming normal', kaimingNormal(), Math.sqrt(2 / 288)],
    ['kaiming uniform', kaimingUniform(), Math.sqrt(2 / 288)],
    ['xavier normal', xavierNormal(), Math.sqrt(2 / (288 + 576))],
    ['xavier uniform', xavierUniform(), Math.sqrt(2 / (288 + 576))],
    ['fan-in uniform', fanInUniform(), 1 / Math.sqrt(3 * 288)],
    ['normal', normalInit(0.1), 0.1],
  ] as const)('%s has its variance and no bias', (_, init, want) => {
    const w = initialState(spec(init) as never, 3).w as Float32Array
    expect(deviation(w) / want).toBeCloseTo(1, 1)
    expect(Math.abs(mean(w)) / want).toBeLessThan(0.03)
  })

  test('depends on seed and path alone', () => {
    const [small, large] = [sequential(linear(3, 4)), sequential(linear(3, 4), linear(4, 4))]
    expect(initialState(large, 1)['0.weight']).toEqual(initialState(small, 1)['0.weight'])
    expect(initialState(small, 2)['0.weight']).not.toEqual(initialState(small, 1)['0.weight'])
  })

  test('holds what the optimizer keeps', () => {
    expect(Object.keys(initialState(linear(2, 1), 1, adam(1e-3))).sort()).toEqual(
      expect.arrayContaining([
        'weight',
        'bias',
        'optimizer.mean.weight',
        'optimizer.square.bias',
        'random.seed',
        'step',
      ]),
    )
  })
})

describe('optimizers walk as they say', () => {
  // One weight w, loss (w − 1)² / 1 → gradient 2 (w − 1).
  const net = linear(1, 1, { bias: false, weightInit: constantInit(3) })
  const path = (optimizer: Parameters<typeof trainStep>[1]['optimizer'], steps: number, more = {}) => {
    const step = trainStep(net, { loss: mse, optimizer, ...more })
    const run = runner(step, [f32(1, 1), f32(1, 1)], initialState(net, 1, optimizer))
    return Array.from({ length: steps }, () => {
      run.step(Float32Array.of(1), Float32Array.of(1))
      return run.state.weight![0]!
    })
  }
  const by = (update: (w: number, g: number) => number, steps: number, start = 3) => {
    let w = start
    return Array.from({ length: steps }, () => {
      w = update(w, 2 * (w - 1))
      return w
    })
  }
  const close = (got: number[], want: number[]) => {
    for (const [i, w] of want.entries()) expect(got[i]).toBeCloseTo(w, 5)
  }

  test('gradient descent', () =>
    close(
      path(sgd(0.1), 4),
      by((w, g) => w - 0.1 * g, 4),
    ))

  test('momentum, Nesterov, weight decay', () => {
    const buffered = (step: (w: number, g: number, buffer: number) => number) => {
      let buffer = 0
      return by((w, g) => {
        buffer = 0.9 * buffer + g
        return step(w, g, buffer)
      }, 4)
    }
    close(
      path(sgd(0.1, { momentum: 0.9 }), 4),
      buffered((w, _, b) => w - 0.1 * b),
    )
    close(
      path(sgd(0.1, { momentum: 0.9, nesterov: true }), 4),
      buffered((w, g, b) => w - 0.1 * (g + 0.9 * b)),
    )
    close(
      path(sgd(0.1, { weightDecay: 0.5 }), 4),
      by((w, g) => w - 0.1 * (g + 0.5 * w), 4),
    )
  })

  test('Adam and AdamW', () => {
    const adamBy = (decay: number) => {
      let [m, v, t] = [0, 0, 0]
      return by((w, g) => {
        t++
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        const step = m / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
        return w * (1 - 0.1 * decay) - 0.1 * step
      }, 6)
    }
    close(path(adam(0.1), 6), adamBy(0))
    close(path(adamw(0.1, { weightDecay: 0.3 }), 6), adamBy(0.3))
  })

  test('clipping bounds the global norm', () => {
    const [first] = path(sgd(1), 1, { clipNorm: 0.5 })
    expect(first).toBeCloseTo(2.5, 4)
    const [gentle] = path(sgd(0.1), 1, { clipNorm: 100 })
    expect(gentle).toBeCloseTo(2.6, 5)
  })

  test('the rate can be fed', () => {
    const step = trainStep(net, { loss: mse, optimizer: sgd(9), scheduled: true })
    const run = runner(step, [f32(1, 1), f32(1, 1), f32()], initialState(net, 1, sgd(9)))
    run.step(Float32Array.of(1), Float32Array.of(1), Float32Array.of(0.25))
    expect(run.state.weight![0]).toBeCloseTo(2, 6)
  })
})

describe('schedules', () => {
  test('constant', () => expect([0, 5].map(constant(0.1))).toEqual([0.1, 0.1]))

  test('cosine falls from rate to floor after its warm-up', () => {
    const s = cosine(1, 100, { floor: 0.1, warmup: 10 })
    expect(s(0)).toBeCloseTo(0.1)
    expect(s(9)).toBe(1)
    expect(s(10)).toBe(1)
    expect(s(55)).toBeCloseTo(0.55)
    expect(s(100)).toBeCloseTo(0.1)
    expect(s(1000)).toBeCloseTo(0.1)
    expect(() => cosine(1, 0)).toThrow(/positive/)
  })

  test('one cycle rises, peaks and falls', () => {
    const s = oneCycle(0.8, 100)
    expect(s(0)).toBeCloseTo(0.032)
    expect(s(29)).toBeCloseTo(0.8)
    expect(s(99)).toBeCloseTo(0.8 / 25e4)
    expect(Math.max(...Array.from({ length: 100 }, (_, i) => s(i)))).toBeCloseTo(0.8)
  })
})

test('a small network learns', () => {
  const net = sequential(linear(2, 16), relu(), linear(16, 2))
  const optimizer = adam(0.05)
  const run = runner(
    trainStep(net, { loss: crossEntropy, optimizer, countCorrect: true }),
    [f32(32, 2), i32(32)],
    initialState(net, 1, optimizer),
  )
  const x = numbers(64, 3)
  const y = Int32Array.from({ length: 32 }, (_, i) => (x[2 * i]! * x[2 * i + 1]! > 0 ? 1 : 0))
  let last = run.step(x, y)
  const first = last.loss![0]!
  for (let i = 0; i < 60; i++) last = run.step(x, y)
  expect(last.loss![0]).toBeLessThan(first / 4)
  expect(last.correct![0]).toBeGreaterThanOrEqual(30)
  expect(run.state.step).toEqual(Int32Array.of(61))
})
