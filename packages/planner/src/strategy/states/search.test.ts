import { describe, expect, test } from 'vitest'
import type { Dag } from '../../dag/dag.ts'
import { modelOf } from '../../dag/model.ts'
import { parseDag } from '../../dag/parse.ts'
import { storeAllPeak } from '../../plan/store-all.ts'
import { cheapest } from '../../testing/brute-force.ts'
import { fixture } from '../../testing/fixtures.ts'
import { randomDag } from '../../testing/random-dag.ts'
import { Simulation } from '../simulate.ts'
import { cheapestSequence, smallestBudget } from './search.ts'

const full = process.env.STINT_FULL === '1'

/** Counts budgets of one DAG, and those that are refused although brute force finds a schedule. */
function compare(dag: Dag, label: string): { cases: number; missed: number } {
  const model = modelOf(dag)
  const simulation = new Simulation(model)
  const peak = storeAllPeak(dag)
  const result = { cases: 0, missed: 0 }
  for (let share = 1; share > 0; share -= 0.07) {
    const budget = Math.floor(peak * share)
    const found = cheapestSequence(model, budget)
    const best = cheapest(dag, budget)
    result.cases++
    if (found === 'infeasible') {
      if (best !== undefined) result.missed++
      break
    }
    if (found === 'limit') expect.fail(`${label}: gave up`)
    expect(found.cost, `${label}, budget ${budget}`).toBe(best?.cost)
    expect(simulation.run(found.sequence, found.sequence.length)).toBeLessThanOrEqual(budget)
    expect(simulation.cost).toBe(found.cost)
  }
  return result
}

describe('the cheapest sequence of a small DAG', { timeout: 600_000 }, () => {
  test('costs what brute force over all schedules finds: one result a task', () => {
    for (let seed = 0; seed < (full ? 3000 : 300); seed++) {
      const { missed } = compare(randomDag(seed, { tasks: 8, plain: true }), `seed ${seed}`)
      expect(missed).toBe(0)
    }
  })

  test('costs what brute force finds: everything that a DAG may have', () => {
    let [cases, missed] = [0, 0]
    for (let seed = 0; seed < (full ? 3000 : 150); seed++) {
      // Alignment is a matter of layout; brute force counts live bytes.
      const dag = { ...randomDag(seed, { tasks: 6 }), align: 1 }
      if (dag.values.length > (full ? 20 : 16)) continue
      const result = compare(dag, `seed ${seed}`)
      cases += result.cases
      missed += result.missed
    }
    // 6 of 12188 on the wide sample: the simulation takes places greedily, and puts only the last computation of a
    // successor into its buffer.
    expect(cases).toBeGreaterThan(200)
    expect(missed).toBeLessThanOrEqual(cases / 1000)
  })

  test('is found in aligned bytes, too', () => {
    for (let seed = 0; seed < (full ? 1000 : 100); seed++) {
      const model = modelOf(randomDag(seed, { tasks: 8 }))
      const simulation = new Simulation(model)
      const order = Int32Array.from(model.needed)
      const budget = Math.floor(0.8 * simulation.run(order, order.length))
      const found = cheapestSequence(model, budget)
      if (typeof found === 'string') {
        expect(found).toBe('infeasible')
        continue
      }
      expect(simulation.run(found.sequence, found.sequence.length)).toBeLessThanOrEqual(budget)
      expect(simulation.cost).toBe(found.cost)
    }
  })

  test('says when it gives up', () => {
    const { dag } = parseDag(fixture('chain-unit-16'))
    expect(cheapestSequence(modelOf(dag), 10, { states: 100 })).toBe('limit')
    expect(smallestBudget(modelOf(dag), { states: 10 })).toBe('limit')
  })

  test('reverses a chain in the fewest steps', () => {
    const model = modelOf(parseDag(fixture('chain-unit-16')).dag)
    const found = cheapestSequence(model, 4)
    expect(found).toMatchObject({ cost: 32 + 105 })
    expect(cheapestSequence(model, 3)).toBe('infeasible')
  })
})

describe('the smallest budget', { timeout: 600_000 }, () => {
  test('works, and a byte less does not', () => {
    for (const plain of [true, false])
      for (let seed = 0; seed < (full ? 2000 : 200); seed++) {
        const dag = { ...randomDag(seed, { tasks: plain ? 8 : 6, plain }), align: 1 }
        const model = modelOf(dag)
        const found = smallestBudget(model)
        if (found === 'limit') expect.fail(`seed ${seed}: gave up`)
        const { budget, sequence } = found
        expect(new Simulation(model).run(sequence, sequence.length), `seed ${seed}`).toBe(budget)
        expect(cheapestSequence(model, budget)).toBeTypeOf('object')
        expect(cheapestSequence(model, budget - 1)).toBe('infeasible')
        if (plain) expect(cheapest(dag, budget - 1)).toBeUndefined()
      }
  })

  test('is a multiple of the alignment', () => {
    for (let seed = 0; seed < 50; seed++) {
      const model = modelOf({ ...randomDag(seed, { tasks: 6 }), align: 16 })
      const found = smallestBudget(model)
      if (found === 'limit') expect.fail(`seed ${seed}: gave up`)
      expect(found.budget % 16).toBe(0)
      expect(cheapestSequence(model, found.budget)).toBeTypeOf('object')
      expect(cheapestSequence(model, found.budget - 1)).toBe('infeasible')
    }
  })
})
