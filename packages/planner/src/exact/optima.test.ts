import { beforeAll, describe, expect, test } from 'vitest'
import { lowerBound } from '../bound/lower-bound.ts'
import { modelOf } from '../dag/model.ts'
import { parseDag } from '../dag/parse.ts'
import { plan } from '../plan/plan.ts'
import { fixture, optima } from '../testing/fixtures.ts'
import { exactPlan } from './exact-plan.ts'
import { type Highs, loadHighs } from './highs.ts'

const full = process.env.STINT_FULL === '1'

let highs: Highs
beforeAll(async () => {
  highs = await loadHighs()
})

describe.each(Object.entries(optima))('optima of %s', { timeout: 600_000 }, (name, { graph, budgets }) => {
  const { dag } = parseDag(graph ?? fixture(name))
  const model = modelOf(dag)

  test('are not below the bound, and equal to it where all schedules are covered', () => {
    for (const { budget, cost, among } of budgets) {
      const { bound } = lowerBound(model, budget)
      expect(bound, `${budget} bytes`).toBeLessThanOrEqual(cost)
      if (among === 'all') expect(bound, `${budget} bytes`).toBe(cost)
    }
  })

  test.skipIf(graph === undefined)('are proved again', async () => {
    for (const { budget, cost } of budgets)
      expect(await exactPlan(dag, { budget, highs }), `${budget} bytes`).toMatchObject({
        plan: { cost },
        lowerBound: cost,
        optimal: true,
      })
  })

  test.skipIf(graph === undefined && !full)('are what plans cost, or more', () => {
    for (const { budget, cost } of budgets)
      expect(plan(dag, { budget }).cost, `${budget} bytes`).toBeLessThanOrEqual(cost)
  })
})
