import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDag } from '../dag/parse.ts'
import { fixture } from '../testing/fixtures.ts'
import { judge } from '../testing/naive.ts'
import { randomDag } from '../testing/random-dag.ts'
import { minimumBudget } from './minimum-budget.ts'
import { storeAllPeak } from './store-all.ts'

const full = process.env.STINT_FULL === '1'

test('the smallest budget has a plan, with offsets too, and is never below the bound', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 30 }), fc.boolean(), (seed, tasks, layout) => {
      const dag = randomDag(seed, { tasks })
      const { budget, bound, plan } = minimumBudget(dag, { layout, seed })
      expect(judge(dag, plan, { budget }).ok).toBe(true)
      expect(plan.arenaBytes).toBe(budget)
      expect(budget).toBeGreaterThanOrEqual(bound)
      if (!layout) expect(budget).toBeLessThanOrEqual(storeAllPeak(dag))
      expect(minimumBudget(dag, { layout, seed }).budget).toBe(budget)
    }),
    { numRuns: full ? 500 : 25, seed: 41 },
  )
})

test.runIf(full)('room is made where packing fails: of 929,792 live bytes, no arena grows by a tenth', () => {
  const { dag } = parseDag(fixture('random-layered-300'))
  for (const seed of [1, 2, 3])
    expect(minimumBudget(dag, { layout: true, seed }).budget).toBeLessThan(1.1 * 929_792)
})
