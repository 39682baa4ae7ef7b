import { expect, test } from 'vitest'
import type { Dag } from '../dag/dag.ts'
import { verify } from '../verify/verify.ts'
import { minimumBudget } from './minimum-budget.ts'
import { plan } from './plan.ts'

/** y from x by a fast task with much workspace, or by a slow one with little. */
const dag: Dag = {
  values: [{ bytes: 10, input: true }, { bytes: 10 }],
  tasks: [
    { name: 'fast', cost: 1, reads: [0], writes: [1], workspace: 80 },
    { name: 'slow', cost: 5, reads: [0], writes: [1], workspace: 10 },
  ],
  choices: [{ name: 'how', options: [{ off: [1] }, { off: [0] }] }],
  outputs: [1],
}

test('with room the cheap option is picked, without it the small one', () => {
  for (const [budget, choice, cost] of [
    [100, 0, 1],
    [99, 1, 5],
    [30, 1, 5],
  ] as const) {
    const found = plan(dag, { budget })
    expect(verify(dag, found, { budget }).cost).toBe(cost)
    expect(found.choice).toEqual([choice])
  }
})

test('the smallest budget is that of the option of fewest bytes', () => {
  expect(minimumBudget(dag).budget).toBe(30)
  expect(() => plan(dag, { budget: 29 })).toThrow(expect.objectContaining({ smallestBudgetBytes: 30 }))
})
