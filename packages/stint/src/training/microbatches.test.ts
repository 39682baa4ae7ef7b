import { valueAndGrad } from '@stint/autodiff'
import { cpu } from '@stint/backend-cpu'
import { wasm } from '@stint/backend-wasm'
import { dataset } from '@stint/data'
import { compile, InfeasibleBudgetError, openSession, type Session } from '@stint/engine'
import { f32, i32, type Value } from '@stint/graph'
import {
  batchNorm,
  conv2d,
  crossEntropy,
  dropout,
  flatten,
  initialState,
  type Layer,
  linear,
  maxPool2d,
  relu,
  residual,
  sequential,
  sgd,
  trainStep,
} from '@stint/nn'
import { fit } from '@stint/train'
import { describe, expect, test } from 'vitest'

const rows = 24
const labels = Int32Array.from({ length: rows }, (_, i) => i % 3)
const noise = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(7 * i * i + 1))

/** The parameters after a step of rate one, and its loss: the differences are the gradients. */
async function step(
  model: Layer,
  shape: readonly number[],
  microbatches?: number,
  backend = cpu(),
): Promise<{ state: Float32Array[]; loss: number; session: Session }> {
  const fn = trainStep(model, { loss: crossEntropy, optimizer: sgd(1), clipNorm: 10, countCorrect: true })
  const session = await openSession({
    programs: {
      train: {
        fn,
        inputs: [f32(rows, ...shape), i32(rows)],
        names: ['x', 'y'],
        ...(microbatches !== undefined && { microbatches }),
      },
    },
    backend,
  })
  await session.writeState(initialState(model, 5, sgd(1)))
  const { loss } = await session.run('train', {
    x: noise(rows * shape.reduce((a, b) => a * b, 1)),
    y: labels,
  })
  const paths = session.state.map(s => s.path).filter(p => /weight|bias/.test(p))
  const state = await Promise.all(paths.map(path => session.readState(path)))
  return { state: state as Float32Array[], loss: loss![0]!, session }
}

function difference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  return Math.max(...a.map((x, i) => Math.max(...x.map((v, k) => Math.abs(v - b[i]![k]!)))))
}

const mlp = sequential(linear(6, 32), relu(), linear(32, 32), relu(), linear(32, 3))
const cnn = sequential(
  conv2d(1, 8, 3, { padding: 'same' }),
  relu(),
  maxPool2d(2),
  residual(sequential(conv2d(8, 8, 3, { padding: 'same' }), relu())),
  flatten(),
  linear(8 * 16, 3),
)

describe('gradients of microbatches', () => {
  test.each<[string, Layer, number[]]>([
    ['an MLP', mlp, [6]],
    ['a CNN', cnn, [1, 8, 8]],
  ])('of %s are those of the whole batch, to rounding', async (_, model, shape) => {
    for (const backend of [cpu(), wasm()]) {
      const whole = await step(model, shape, undefined, backend)
      for (const count of [2, 8, 24]) {
        const cut = await step(model, shape, count, backend)
        expect(difference(cut.state, whole.state)).toBeLessThan(1e-6)
        expect(Math.abs(cut.loss - whole.loss)).toBeLessThan(1e-6)
        await cut.session.close()
      }
      await whole.session.close()
    }
  })

  test('take less memory for activations', async () => {
    const bytes = await Promise.all(
      [undefined, 2, 8].map(async count => {
        await using session = (await step(cnn, [1, 8, 8], count)).session
        return session.plan().breakdown.activations + session.plan().breakdown.gradients
      }),
    )
    expect(bytes[1]).toBeLessThan(0.7 * bytes[0]!)
    expect(bytes[2]).toBeLessThan(0.4 * bytes[0]!)
  })

  test('drop out the same', async () => {
    const model = sequential(linear(6, 64), dropout(0.5), relu(), linear(64, 3))
    const whole = await step(model, [6])
    for (const count of [2, 12])
      expect(difference((await step(model, [6], count)).state, whole.state)).toBeLessThan(1e-6)
    const without = await step(sequential(linear(6, 64), dropout(0), relu(), linear(64, 3)), [6])
    expect(difference(without.state, whole.state)).toBeGreaterThan(1e-3)
  })

  test('are the same bits in every budget', async () => {
    const fn = trainStep(cnn, { loss: crossEntropy, optimizer: sgd(1) })
    const program = { fn, inputs: [f32(rows, 1, 8, 8), i32(rows)], names: ['x', 'y'], microbatches: 4 }
    const run = async (memory: string): Promise<Float32Array> => {
      await using session = await openSession({ programs: { program }, backend: wasm(), memory })
      await session.writeState(initialState(cnn, 5, sgd(1)))
      await session.audit('program', { x: noise(rows * 64), y: labels })
      return (await session.readState('0.weight')) as Float32Array
    }
    expect(await run('95%')).toEqual(await run('none'))
  })
})

describe('microbatches', () => {
  test('are refused for batch norm, by its path', async () => {
    const model = sequential(linear(6, 8), residual(sequential(batchNorm(8), relu())), linear(8, 3))
    await expect(step(model, [6], 4)).rejects.toMatchObject({
      code: 'MICROBATCH',
      layers: ['1.body.0'],
      message: expect.stringMatching(/'1\.body\.0'/),
    })
    await expect(step(mlp, [6], 5)).rejects.toThrow(/divides 24 examples.*got 5/)
  })

  test('cut the arguments that are named, of any function', async () => {
    const loss = (w: Value, x: Value) => x.matmul(w).tanh().square().mean()
    const of = async (microbatches?: { count: number; inputs: string[] }) => {
      await using f = await compile(valueAndGrad(loss), {
        inputs: [f32(4, 3), f32(8, 4)],
        backend: cpu(),
        ...(microbatches && { microbatches }),
      })
      return (await f(noise(12), noise(32))) as Float32Array[]
    }
    expect(difference(await of({ count: 4, inputs: ['1'] }), await of())).toBeLessThan(1e-7)
  })

  test('are advised where a budget is too small, with a count that fits and the bytes that it takes', async () => {
    const small = sequential(linear(6, 16), relu(), linear(16, 3))
    const fn = trainStep(small, { loss: crossEntropy, optimizer: sgd(1) })
    const open = (memory: number, microbatches?: number) =>
      openSession({
        programs: {
          train: {
            fn,
            inputs: [f32(rows, 6), i32(rows)],
            names: ['x', 'y'],
            ...(microbatches !== undefined && { microbatches }),
          },
        },
        backend: cpu(),
        memory,
      })
    const { smallestBudgetBytes } = (await open(1).catch(e => e)) as InfeasibleBudgetError
    const budget = Math.floor(0.9 * smallestBudgetBytes)
    const error = (await open(budget).catch(e => e)) as InfeasibleBudgetError
    expect(error).toBeInstanceOf(InfeasibleBudgetError)
    const { count, arenaBytes } = error.microbatches!
    expect(error.message).toContain(`microbatches: ${count}, which takes ${arenaBytes} bytes`)
    expect(arenaBytes).toBeLessThanOrEqual(budget)
    await using session = await open(budget, count)
    expect(session.arenaBytes).toBe(arenaBytes)
    const less = [2, 3, 4, 6, 8, 12].filter(n => n < count).at(-1)
    if (less !== undefined) await expect(open(budget, less)).rejects.toThrow(InfeasibleBudgetError)
    expect(((await open(1).catch(e => e)) as InfeasibleBudgetError).microbatches).toBeUndefined()
  })

  test('are a setting of fit, short last batches included', async () => {
    const data = dataset({ x: noise(20 * 6), y: labels.slice(0, 20), xShape: [6], classes: 3 })
    const losses = async (microbatches?: number) => {
      await using run = fit(mlp, {
        loss: crossEntropy,
        optimizer: sgd(0.1),
        data,
        batch: 8,
        epochs: 2,
        backend: cpu(),
        ...(microbatches && { microbatches }),
      })
      const seen: number[] = []
      for await (const { loss } of run) seen.push(loss)
      return [...seen, (await run.evaluate(data)).loss]
    }
    const [cut, whole] = [await losses(4), await losses()]
    expect(cut).toHaveLength(whole.length)
    for (const [i, loss] of cut.entries()) expect(loss).toBeCloseTo(whole[i]!, 5)
  })
})
