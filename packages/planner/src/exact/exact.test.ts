import { beforeAll, describe, expect, test } from 'vitest'
import type { Dag, Plan } from '../dag/dag.ts'
import { modelOf } from '../dag/model.ts'
import { plan } from '../plan/plan.ts'
import { storeAllPeak } from '../plan/store-all.ts'
import { cheapest } from '../testing/brute-force.ts'
import { judge } from '../testing/naive.ts'
import { randomDag } from '../testing/random-dag.ts'
import { exactPlan } from './exact-plan.ts'
import { type Highs, loadHighs } from './highs.ts'

const full = process.env.STINT_FULL === '1'

let highs: Highs
beforeAll(async () => {
  highs = await loadHighs()
})

/** With several results, workspaces, inputs and tasks that run once. */
function supported(seed: number, tasks: number): Dag {
  const dag = randomDag(seed, { tasks })
  return {
    values: dag.values,
    tasks: dag.tasks.map(({ inPlace: _, ...task }) => task),
    ...(dag.choices && { choices: dag.choices }),
    outputs: dag.outputs,
  }
}

/** Whether no task runs twice between two first runs. */
function isStaged({ steps }: { readonly steps: Plan['steps'] }): boolean {
  const seen = new Set<number>()
  let stage = new Set<number>()
  for (const s of steps) {
    if (!('run' in s)) continue
    if (stage.has(s.run)) return false
    stage.add(s.run)
    if (!seen.has(s.run)) stage = new Set()
    seen.add(s.run)
  }
  return true
}

function firstRuns({ steps }: { readonly steps: Plan['steps'] }): number[] {
  return [...new Set(steps.flatMap(s => ('run' in s ? [s.run] : [])))]
}

describe('exact plans', { timeout: full ? 1_800_000 : 120_000 }, () => {
  test('cost what the cheapest of all schedules costs, if that is of the class, and never less', async () => {
    const count = { proved: 0, equal: 0 }
    for (let seed = 0; seed < (full ? 600 : 60); seed++) {
      const dag = supported(seed, 7)
      const model = modelOf(dag)
      if (dag.values.length > 14) continue
      for (const share of [0.9, 0.75, 0.6, 0.5]) {
        const budget = Math.floor(storeAllPeak(dag) * share)
        const best = cheapest(dag, budget)
        const needed = best !== undefined && firstRuns(best).every(t => model.needed.includes(t))
        const inClass = needed && isStaged(best)
        const found = await exactPlan(dag, { budget, highs, ...(inClass && { order: firstRuns(best) }) })
        const what = `seed ${seed}, budget ${budget}`
        expect(found.optimal, what).toBe(true)
        if (best === undefined) expect(found.plan, what).toBeUndefined()
        if (inClass) {
          expect(found.plan?.cost, what).toBe(best.cost)
          count.equal++
        }
        if (found.plan === undefined) {
          expect(found.lowerBound).toBe(Number.POSITIVE_INFINITY)
          continue
        }
        count.proved++
        const { peakBytes, cost } = found.plan
        expect(cost, what).toBe(found.lowerBound)
        expect(cost, what).toBeGreaterThanOrEqual(best!.cost)
        expect(judge(dag, found.plan, { budget })).toEqual({
          ok: true,
          peak: peakBytes,
          arena: peakBytes,
          cost,
        })
      }
    }
    expect(count.equal).toBeGreaterThan(20)
    expect(count.proved).toBeGreaterThan(20)
  })

  test('an incumbent is returned where nothing is cheaper, and beaten where something is', async () => {
    const length = 6
    const dag: Dag = {
      values: Array.from({ length: 2 * length }, () => ({ bytes: 1 })),
      tasks: Array.from({ length: 2 * length }, (_, i) => ({
        cost: 1,
        reads: i === 0 ? [] : i < length ? [i - 1] : [i - 1, 2 * length - 1 - i],
        writes: [i],
      })),
      outputs: [2 * length - 1],
    }
    const budget = 5
    const incumbent = plan(dag, { budget })
    const proved = await exactPlan(dag, { budget, incumbent, highs })
    expect(proved).toMatchObject({ plan: incumbent, optimal: true, lowerBound: incumbent.cost })
    // One that recomputes more than it must.
    const worse = plan(dag, { budget: budget - 1 })
    expect(worse.cost).toBeGreaterThan(incumbent.cost)
    const beaten = await exactPlan(dag, { budget, incumbent: worse, highs })
    expect(beaten.plan!.cost).toBe(incumbent.cost)
  })

  test('says how far it got when the time is up', async () => {
    const dag = supported(4, 40)
    const budget = Math.floor(storeAllPeak(dag) * 0.7)
    const { optimal, lowerBound, plan: found } = await exactPlan(dag, { budget, highs, timeLimit: 0.01 })
    expect(lowerBound).toBeGreaterThanOrEqual(modelOf(dag).baseCost)
    if (!optimal && found !== undefined) expect(found.cost).toBeGreaterThan(lowerBound)
  })

  test('refuses what it does not take', async () => {
    const dag: Dag = {
      values: [{ bytes: 4 }, { bytes: 4 }],
      tasks: [
        { cost: 1, reads: [], writes: [0] },
        { cost: 1, reads: [0], writes: [1], inPlace: [[0, 1]] },
      ],
      outputs: [1],
    }
    await expect(exactPlan(dag, { budget: 8, highs })).rejects.toMatchObject({
      code: 'NOT_EXACT',
      got: 'in-place pairs',
    })
    const plain = { ...dag, tasks: dag.tasks.map(({ inPlace: _, ...t }) => t) }
    await expect(exactPlan(plain, { budget: 8, highs, order: [1, 0] })).rejects.toMatchObject({
      code: 'ORDER',
    })
  })
})
