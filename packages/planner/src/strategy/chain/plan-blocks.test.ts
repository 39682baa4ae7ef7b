import { describe, expect, test } from 'vitest'
import { type Model, modelOf } from '../../dag/model.ts'
import { parseDag } from '../../dag/parse.ts'
import { fixture } from '../../testing/fixtures.ts'
import { randomDag } from '../../testing/random-dag.ts'
import { Simulation } from '../simulate.ts'
import { cutsOf, trainingOrder, turningPoint } from './blocks.ts'
import { planBlocks } from './plan-blocks.ts'

const full = process.env.STINT_FULL === '1'

function model(name: string): Model {
  return modelOf(parseDag(fixture(name)).dag)
}

/** Overhead of the cheapest sequence; undefined if there is none. All are within the budget. */
function overheadOf(model: Model, budget: number): number | undefined {
  const simulation = new Simulation(model)
  const overheads = planBlocks(model, budget).map(sequence => {
    expect(simulation.run(sequence, sequence.length)).toBeLessThanOrEqual(budget)
    return simulation.cost / model.baseCost - 1
  })
  for (const other of overheads) expect(other).toBeGreaterThanOrEqual(overheads[0]!)
  return overheads[0]
}

test.each([
  ['fp-gpt2-small-12l', 'nll'],
  ['fp-lstm-t16', 't15.L'],
  ['fp-mlp-8', 'sum'],
])('the backward pass of %s begins after its loss', (name, loss) => {
  const m = model(name)
  const order = trainingOrder(m)
  const last = m.writes[order[turningPoint(m, order) - 1]!]![0]!
  expect(m.dag.values[last]!.name).toMatch(loss)
})

test('layers and time steps are cut apart where little crosses', () => {
  const m = model('fp-lstm-t16')
  const [cut] = cutsOf(m, trainingOrder(m), 120)
  expect(cut!.forward.length).toBeGreaterThan(16)
  for (const state of cut!.states) expect(state.size).toBeLessThanOrEqual(3)
  // What runs backward in a block reads its own values and states.
  for (const [i, tasks] of cut!.backward.entries())
    for (const t of tasks)
      for (const v of m.reads[t]!) {
        const block = cut!.forward.findIndex(f => f.includes(m.producer[v]!))
        if (block >= 0 && block !== i && !cut!.resident.has(v)) expect(cut!.states[i - 1]!.has(v)).toBe(true)
      }
})

describe('plans by blocks', { timeout: 120_000 }, () => {
  // Overheads at budgets in bytes, as measured, and a little more: they are where a search begins.
  test.each([
    ['fp-gpt2-small-12l', [7039380790, 0.0085], [5866150659, 0.03], [3910767106, 0.112], [3128613684, 0.191]],
    ['fp-lstm-t16', [10027014, 0.11], [8021611, 0.21], [7471106, 0.27]],
    ['fp-mobilenetv1-b512', [23390846976, 0.0012], [15593897984, 0.0056], [9356338790, 0.021]],
    ['fp-resnet18-b128', [2543321088, 0.001], [2119434240, 0.0012]],
  ] as [string, ...[number, number][]][])('%s: near the best known, at once', (name, ...budgets) => {
    const m = model(name)
    for (const [budget, most] of budgets)
      expect(overheadOf(m, budget), `${budget} bytes`).toBeLessThanOrEqual(most)
  })

  test('any DAG may be asked for, whatever it is: sequences stay within the budget and give all outputs', () => {
    let some = 0
    for (let seed = 0; seed < (full ? 1000 : 60); seed++)
      for (const plain of [true, false]) {
        const m = modelOf(randomDag(seed, { tasks: 40, plain }))
        const order = Int32Array.from(m.needed)
        const peak = new Simulation(m).run(order, order.length)
        for (const share of [1, 0.8, 0.6]) {
          const budget = Math.floor(share * peak)
          if (overheadOf(m, budget) !== undefined) some++
          for (const sequence of planBlocks(m, budget)) expect(new Set(sequence)).toEqual(new Set(m.needed))
        }
      }
    expect(some).toBeGreaterThan(30)
  })
})
