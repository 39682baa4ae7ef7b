import { describe, expect, test } from 'vitest'
import { parseDag } from '../dag/parse.ts'
import { plan } from '../plan/plan.ts'
import { storeAllPeak } from '../plan/store-all.ts'
import { fixture } from '../testing/fixtures.ts'
import { randomDag } from '../testing/random-dag.ts'
import { curve } from './curve.ts'

const { dag } = parseDag(fixture('chain-hetero-32'))
const quick = { iterations: 4 }

describe('a curve', () => {
  const found = curve(dag, { ...quick, points: 6 })

  test('goes from the smallest budget that works to storing everything', () => {
    const { points, smallest, storeAll } = found
    expect(storeAll).toBe(storeAllPeak(dag))
    expect(points.map(p => p.feasible)).toEqual(Array(6).fill(true))
    expect([points[0]!.budget, points.at(-1)!.budget]).toEqual([smallest, storeAll])
    expect(points[0]!.fraction).toBeCloseTo(smallest / storeAll, 12)
  })

  test('never rises, and no point costs more than a plan for it', () => {
    const overheads = found.points.map(p => p.overhead!)
    expect(overheads).toEqual([...overheads].sort((a, b) => b - a))
    expect(overheads.at(-1)).toBe(0)
    for (const { budget, cost, peakBytes } of found.points) {
      expect(peakBytes).toBeLessThanOrEqual(budget)
      expect(cost).toBeLessThanOrEqual(plan(dag, { ...quick, budget }).cost)
    }
  })

  test('is the same again', () => {
    expect(curve(dag, { ...quick, points: 6 })).toEqual(found)
  })

  test('says which of the budgets that it is given work', () => {
    const { points } = curve(dag, { ...quick, budgets: [1200, 10] })
    expect(points.map(p => [p.budget, p.feasible])).toEqual([
      [10, false],
      [1200, true],
    ])
    expect(points[0]).toMatchObject({ peakBytes: null, cost: null, overhead: null })
  })
})

test('curves with layout bound the arena, and there are curves of odd DAGs', () => {
  for (let seed = 0; seed < 12; seed++) {
    const random = randomDag(seed, { tasks: 8 })
    const { points } = curve(random, { ...quick, layout: true, points: 3 })
    for (const p of points) expect(p.arenaBytes).toBeLessThanOrEqual(p.budget)
  }
  const nothing = { values: [], tasks: [], outputs: [] }
  expect(curve(nothing)).toMatchObject({ storeAll: 0, smallest: 0, points: [{ budget: 0, overhead: 0 }] })
})
