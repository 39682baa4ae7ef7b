import { describe, expect, test } from 'vitest'
import { type Model, modelOf } from '../../dag/model.ts'
import { parseDag } from '../../dag/parse.ts'
import { chain, leastSteps } from '../../testing/chain.ts'
import { bestKnown, fixture } from '../../testing/fixtures.ts'
import { Random } from '../random.ts'
import { Simulation } from '../simulate.ts'
import { cheapestSequence } from '../states/search.ts'
import { planChain } from './plan.ts'
import { chainOf } from './recognize.ts'

const full = process.env.STINT_FULL === '1'

/** What a budget costs, its peak checked; undefined if it is refused. */
function costOf(model: Model, budget: number): number | undefined {
  const found = planChain(model, chainOf(model)!, budget)
  if (found === undefined) return undefined
  const simulation = new Simulation(model)
  expect(simulation.run(found, found.length)).toBeLessThanOrEqual(budget)
  return simulation.cost
}

// Three bytes hold a step's gradient before and after, and its result; the others hold checkpoints.
test.each([1, 2, 6, 8, 10, 16, 32, 64, 128])(
  'a unit chain of %i steps takes the fewest steps',
  { timeout: 60_000 },
  length => {
    const model = chain({ length })
    for (let budget = 4; budget <= length + 2; budget++) {
      const extra = costOf(model, budget)! - model.baseCost
      expect(extra, `in ${budget} bytes`).toBe(leastSteps(length, budget - 3) - (length - 1))
    }
    if (length > 1) expect(costOf(model, 3)).toBeUndefined()
  },
)

describe('long chains', () => {
  const random = new Random(5)
  const model = chain({ length: 400, cost: () => 1 + random.below(100), bytes: () => 1 + random.below(100) })

  test('are given up when the time is up', () => {
    let looks = 0
    const stop = (): boolean => ++looks > 3
    expect(planChain(model, chainOf(model)!, 8000, { stop })).toBeUndefined()
    expect(looks).toBe(4)
  })
})

describe('heterogeneous chains', { timeout: 120_000 }, () => {
  // Giving up a checkpoint for a while is cheaper there; dynamic programming does not.
  const beyond = new Set(['chain-hetero-32 348', 'chain-hetero-32 465'])

  test.each(['chain-hetero-32', 'chain-hetero-100'])('%s costs no more than the best known', name => {
    const model = modelOf(parseDag(fixture(name)).dag)
    const { budgets } = bestKnown(name)
    for (const { budget, best } of full || name.endsWith('32') ? budgets : budgets.slice(-3)) {
      const overhead = costOf(model, budget)! / model.baseCost - 1
      const most = beyond.has(`${name} ${budget}`) ? 1.05 * best! : best! + 1e-6
      expect(overhead, `${budget} bytes`).toBeLessThanOrEqual(most)
    }
  })

  test('short ones cost what the best of all schedules does, mostly, and never less', () => {
    const random = new Random(7)
    let [cases, equal] = [0, 0]
    for (let i = 0; i < (full ? 300 : 60); i++) {
      const number = (): number => 1 + random.below(20)
      const kinds = ['in', 'out', 'both'] as const
      const reads = i % 2 === 0 ? undefined : () => kinds[random.below(3)]!
      const model = chain({
        length: 3 + random.below(4),
        cost: number,
        bytes: number,
        next: i % 3 === 0,
        ...(reads && { reads }),
      })
      const order = Int32Array.from(model.needed)
      const peak = new Simulation(model).run(order, order.length)
      for (let share = 1; share > 0.3; share -= 0.1) {
        const budget = Math.floor(share * peak)
        const [cost, best] = [costOf(model, budget), cheapestSequence(model, budget)]
        if (best === 'limit' || best === 'infeasible') {
          expect(cost).toBeUndefined()
          break
        }
        cases++
        if (cost === best.cost) equal++
        if (cost !== undefined) expect(cost).toBeGreaterThanOrEqual(best.cost)
      }
    }
    expect(equal / cases).toBeGreaterThan(0.92)
  })

  test('sizes of real networks are rounded so that even the smallest budget has its cheapest plan', () => {
    const model = modelOf(parseDag(fixture('fp-segnet-b32')).dag)
    for (const { budget, best } of bestKnown('fp-segnet-b32').budgets.slice(4, 6))
      expect(costOf(model, budget)! / model.baseCost - 1).toBeLessThanOrEqual(best! + 1e-6)
  })

  test('large sizes are rounded, and stay within the budget', () => {
    const random = new Random(3)
    const [cost, bytes] = [() => 1 + random.below(99), () => 1e8 + random.below(1e9)]
    const model = chain({ length: 40, cost, bytes })
    const order = Int32Array.from(model.needed)
    const peak = new Simulation(model).run(order, order.length)
    for (const share of [1.05, 0.7, 0.4, 0.25]) expect(costOf(model, Math.floor(share * peak))).toBeDefined()
    expect(costOf(model, Math.floor(1.05 * peak))).toBe(model.baseCost)
  })
})

test('what is no chain is not taken for one', () => {
  for (const name of ['fp-mlp-8', 'random-layered-300', 'fp-lstm-t16'])
    expect(chainOf(modelOf(parseDag(fixture(name)).dag))).toBeUndefined()
})
