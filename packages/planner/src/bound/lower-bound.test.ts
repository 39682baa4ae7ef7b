import { describe, expect, test } from 'vitest'
import type { Dag } from '../dag/dag.ts'
import { modelOf } from '../dag/model.ts'
import { parseDag } from '../dag/parse.ts'
import { bestKnown, fixture, fixtureNames } from '../testing/fixtures.ts'
import { cutAt, lowerBound } from './lower-bound.ts'
import { minimumBudgetBound } from './minimum-budget.ts'

/** Largest distance of a bound to the best known overhead, where little memory does not force everything to run thrice. */
const gaps: Readonly<Record<string, number>> = {
  'chain-unit-16': 0,
  'chain-unit-32': 0,
  'chain-unit-64': 0,
  'chain-hetero-32': 0.003,
  'chain-hetero-100': 0.025,
  'fp-vgg16-b256': 0,
  'fp-resnet18-b128': 0.002,
  'fp-segnet-b32': 0.0005,
  'fp-mobilenetv1-b512': 0.027,
  'fp-gpt-2l': 0.0001,
  'fp-gpt2-small-12l': 0.0015,
  'fp-mlp-8': 0.05,
}

test.each(fixtureNames)('no bound of %s is above what is known, and most are near', name => {
  const { dag } = parseDag(fixture(name))
  const model = modelOf(dag)
  const least = minimumBudgetBound(model)
  for (const { budget, best } of bestKnown(name).budgets) {
    if (best === null) continue
    expect(budget).toBeGreaterThanOrEqual(least)
    const { bound, cut } = lowerBound(model, budget)
    const overhead = bound / model.baseCost - 1
    expect(overhead, `${name}, ${budget} bytes`).toBeLessThanOrEqual(best + 1e-6)
    if (budget > 0.391 * bestKnown(name).storeAllPeak && gaps[name] !== undefined && best < 0.4)
      expect(best - overhead, `${name}, ${budget} bytes`).toBeLessThanOrEqual(gaps[name] + 1e-6)
    if (bound > model.baseCost) expect(cut!.bytes).toBeLessThanOrEqual(budget)
  }
})

/** Four steps forward, a loss, four back; each step back reads what went into the step forward. */
const chain: Dag = {
  values: Array.from({ length: 9 }, () => ({ bytes: 10 })),
  tasks: [
    { cost: 3, reads: [], writes: [0] },
    { cost: 5, reads: [0], writes: [1] },
    { cost: 2, reads: [1], writes: [2] },
    { cost: 4, reads: [2], writes: [3] },
    { cost: 1, reads: [3], writes: [4] },
    { cost: 6, reads: [4, 2], writes: [5] },
    { cost: 6, reads: [5, 1], writes: [6] },
    { cost: 6, reads: [6, 0], writes: [7] },
    { cost: 6, reads: [7], writes: [8] },
  ],
  outputs: [8],
}

describe('the moment of a task', () => {
  const model = modelOf(chain)

  test('what does not fit beside it runs again', () => {
    expect(minimumBudgetBound(model)).toBe(30)
    // While task 5 runs, its inputs and its result live, and one of the values 0 and 1: task 0 is cheaper to repeat.
    expect(lowerBound(model, 50).bound).toBe(model.baseCost)
    const { bound, cut } = lowerBound(model, 40)
    expect(bound).toBe(model.baseCost + 3)
    expect(cut).toEqual({ at: 5, retained: [1, 5], rerun: [0], bytes: 40, cost: 3 })
    expect(lowerBound(model, 29)).toEqual({ bound: Number.POSITIVE_INFINITY })
  })

  test('has cuts on both sides of the budget', () => {
    const { fits, exceeds } = cutAt(model, 4, 35)
    expect(fits).toMatchObject({ at: 4, cost: 5, bytes: 30 })
    expect(exceeds).toMatchObject({ at: 4, cost: 2, bytes: 40 })
  })

  test('keeps inputs, and what runs once', () => {
    const once = modelOf({ ...chain, tasks: chain.tasks.map((t, i) => ({ ...t, once: i < 2 })) })
    expect(minimumBudgetBound(once)).toBe(50)
    const { values, tasks, outputs } = chain
    const asInput = modelOf({
      values: values.map((v, i) => (i === 0 ? { ...v, input: true } : v)),
      tasks: tasks.slice(1),
      outputs,
    })
    expect(minimumBudgetBound(asInput)).toBe(40)
    expect(lowerBound(asInput, 40).bound).toBe(asInput.baseCost + 5)
  })

  test('a result takes a place, or what was there is kept', () => {
    const place = (dag: Dag): Dag => ({
      ...dag,
      tasks: dag.tasks.map((t, i) => (i === 5 ? { ...t, inPlace: [[4, 5]] as const } : t)),
    })
    // With the gradient where the loss lay, only the loss is short of memory, and task 2 runs again.
    expect(lowerBound(modelOf(place(chain)), 40).bound).toBe(model.baseCost + 2)
    const keeps = place({ ...chain, outputs: [8, 4] })
    expect(lowerBound(modelOf(keeps), 40).bound).toBe(model.baseCost + 3)
  })
})

test('the bound is the same every time, and with less work no better', () => {
  const { dag } = parseDag(fixture('fp-gpt2-small-12l'))
  const model = modelOf(dag)
  const budget = Math.floor(0.4 * bestKnown('fp-gpt2-small-12l').storeAllPeak)
  const bounds = [1e3, 1e4, 1e5, 1e6, 1e7].map(work => lowerBound(model, budget, { work }).bound)
  expect(bounds).toEqual(bounds.toSorted((a, b) => a - b))
  expect(bounds[0]).toBeLessThan(bounds[4]!)
  expect(lowerBound(model, budget, { work: 1e7 })).toEqual(lowerBound(model, budget, { work: 1e7 }))
})
