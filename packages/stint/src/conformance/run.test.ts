import type { Graph, TypedArray } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { type Executor, type Machine, reference, runConformance } from './index.ts'
import { referenceSuite } from './testing/suite.ts'

const suite = referenceSuite()

/** An executor that spoils what another gives. */
function spoiled(spoil: (machine: Machine, graph: Graph) => Partial<Machine>): Executor {
  const good = reference()
  return {
    ...good,
    name: 'spoiled',
    async open(graph) {
      const machine = await good.open(graph)
      return { ...machine, ...spoil(machine, graph) }
    },
  }
}

/** Adds `by(x)` to element 0 of the last output. */
const last = (by: (x: number) => number): Executor =>
  spoiled(machine => ({
    async run(inputs) {
      const outputs = await machine.run(inputs)
      const [name, data] = Object.entries(outputs).at(-1) as [string, TypedArray]
      const copy = data.slice()
      copy[0] = (copy[0] as number) + by(copy[0] as number)
      return { ...outputs, [name]: copy }
    },
  }))

describe('a case fails', () => {
  const only = (...ids: string[]) => ({ only: (c: { id: string }) => ids.includes(c.id), trainingSteps: 5 })

  test('where a gradient is off by more than its tolerance', async () => {
    const report = await runConformance(
      suite,
      last(x => 1e-4 * (1 + Math.abs(x))),
      only('tanh.0', 'matmul.4', 'conv2d.3'),
    )
    expect(report).toMatchObject({ passed: 0, failed: 3, unsupported: 0 })
    expect(report.failures.map(f => [f.tensor, f.dtype, f.element])).toEqual([
      ['tanh.0/grad.input', 'f64', 0],
      ['tanh.0/grad.input', 'f32', 0],
      ['matmul.4/grad.other', 'f64', 0],
      ['matmul.4/grad.other', 'f32', 0],
      ['conv2d.3/grad.bias', 'f64', 0],
      ['conv2d.3/grad.bias', 'f32', 0],
    ])
    expect(report.failures[0]?.message).toMatch(/^tanh\.0\/grad\.input\[0\]: .* in place of .* is allowed$/)
  })

  test('not where it is off by less', async () => {
    const report = await runConformance(
      suite,
      last(x => 1e-7 * Math.abs(x)),
      only('tanh.0', 'matmul.4', 'conv2d.3'),
    )
    expect(report).toEqual({ passed: 3, failed: 0, unsupported: 0, failures: [] })
  })

  test('where an integer is off at all, or a number is NaN', async () => {
    const off = await runConformance(
      suite,
      last(() => 1),
      only('argmax.1', 'le.0'),
    )
    expect(off.failures.map(f => f.allowed)).toEqual([0, 0, 0, 0])
    const nan = await runConformance(
      suite,
      last(() => Number.NaN),
      only('hessian.0', 'exp.0'),
    )
    expect(nan).toMatchObject({ passed: 0, failed: 2 })
  })

  test('where state goes wrong', async () => {
    const forgetful = spoiled((machine, graph) => ({
      async run(inputs) {
        const slot = graph.state.find(s => s.path.startsWith('optimizer.'))?.path as string
        const before = (await machine.readState(slot)).slice()
        const outputs = await machine.run(inputs)
        await machine.writeState({ [slot]: before })
        return outputs
      },
    }))
    const report = await runConformance(suite, forgetful, only('adam.0', 'sgd.1', 'net.mlp.1'))
    expect(report).toMatchObject({ passed: 0, failed: 3 })
  })

  test('where the executor throws', async () => {
    const broken = spoiled(() => ({ run: () => Promise.reject(new Error('out of order')) }))
    const report = await runConformance(suite, broken, only('exp.0', 'lstm.0', 'cosine_lr.0'))
    expect(report).toMatchObject({ passed: 1, failed: 1, unsupported: 1 })
    expect(report.failures).toEqual([
      { id: 'exp.0', dtype: 'f64', message: 'out of order' },
      { id: 'exp.0', dtype: 'f32', message: 'out of order' },
    ])
  })
})
