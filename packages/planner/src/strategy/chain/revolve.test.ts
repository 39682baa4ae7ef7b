import { expect, test } from 'vitest'
import { finish } from '../../plan/finish.ts'
import { chain, leastSteps } from '../../testing/chain.ts'
import { verify } from '../../verify/verify.ts'
import { Random } from '../random.ts'
import { Simulation } from '../simulate.ts'
import { chainOf } from './recognize.ts'
import { fewestSlots, reversal, revolve } from './revolve.ts'

test.each([2, 3, 5, 8, 16, 33, 100, 256])('%i equal steps are repeated as little as possible', length => {
  const model = chain({ length })
  const simulation = new Simulation(model)
  for (let budget = 4; budget <= length + 3; budget++) {
    const found = revolve(model, chainOf(model)!, budget)!
    expect(simulation.run(found, found.length)).toBeLessThanOrEqual(budget)
    const extra = simulation.cost - model.baseCost
    expect(extra, `in ${budget} bytes`).toBe(leastSteps(length, budget - 3) - (length - 1))
  }
  expect(revolve(model, chainOf(model)!, 3)).toBeUndefined()
})

test('of a very long chain, not so many steps are repeated as with one checkpoint', () => {
  const model = chain({ length: 10_000 })
  const found = chainOf(model)!
  expect(fewestSlots(found)).toBe(2)
  // The loss beside all steps forward and backward.
  expect(reversal(found, 2)).toHaveLength(leastSteps(10_000, 2) + 1 + 10_001)
})

test('steps of any size, whatever they read, are run in a valid order', () => {
  const random = new Random(3)
  const kinds = ['in', 'out', 'both'] as const
  for (let i = 0; i < 50; i++) {
    const model = chain({
      length: 1 + random.below(30),
      bytes: () => 1 + random.below(20),
      reads: () => kinds[random.below(3)]!,
      next: i % 3 === 0,
    })
    const simulation = new Simulation(model)
    const all = Int32Array.from(model.needed)
    const most = simulation.run(all, all.length)
    for (const share of [1, 0.7, 0.5]) {
      const budget = Math.floor(share * most)
      const found = revolve(model, chainOf(model)!, budget)
      if (found === undefined) expect(share).toBeLessThan(1)
      else verify(model.dag, finish(model, found, undefined, 1).plan, { budget })
    }
  }
})
