import { expect, test } from 'vitest'
import { parseDag } from '../dag/parse.ts'
import { InfeasibleBudgetError } from '../errors.ts'
import { minimumBudget } from '../plan/minimum-budget.ts'
import { plan } from '../plan/plan.ts'
import { chain, leastSteps } from '../testing/chain.ts'
import { fixture } from '../testing/fixtures.ts'

test('the chain is that of the files', () => {
  const [file, ours] = [parseDag(fixture('chain-unit-16')).dag, chain({ length: 16 }).dag]
  expect(ours.outputs).toEqual(file.outputs)
  expect(ours.values.map(v => v.bytes)).toEqual(file.values.map(v => v.bytes))
  expect(ours.tasks.map(t => [t.cost, t.reads, t.writes])).toEqual(
    file.tasks.map(t => [t.cost, t.reads, t.writes]),
  )
})

// Three bytes hold a step's gradient before and after, and its result; the others hold checkpoints.
test.each([6, 8, 10, 16])('a unit chain of %i steps is reversed with the fewest steps possible', length => {
  const { dag } = chain({ length })
  for (let budget = 4; budget <= length + 2; budget++) {
    const found = plan(dag, { budget })
    expect(found.cost - found.baseCost, `in ${budget} bytes`).toBe(
      leastSteps(length, budget - 3) - (length - 1),
    )
  }
  expect(() => plan(dag, { budget: 3 })).toThrow(InfeasibleBudgetError)
})

test('so is one that is too long for tables', { timeout: 60_000 }, () => {
  const { dag } = chain({ length: 3000 })
  for (const budget of [10, 100, 1500]) {
    const found = plan(dag, { budget, iterations: 0 })
    expect(found.cost - found.baseCost, `in ${budget} bytes`).toBe(leastSteps(3000, budget - 3) - 2999)
  }
})

test('the smallest budget of a chain is found', () => {
  expect(minimumBudget(chain({ length: 200 }).dag)).toMatchObject({ budget: 4 })
})
