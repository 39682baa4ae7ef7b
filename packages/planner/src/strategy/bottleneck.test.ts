import { describe, expect, test } from 'vitest'
import { type Model, modelOf } from '../dag/model.ts'
import { parseDag } from '../dag/parse.ts'
import { finish } from '../plan/finish.ts'
import { bestKnown, fixture } from '../testing/fixtures.ts'
import { verify } from '../verify/verify.ts'
import { type Halves, halvesAt } from './bottleneck.ts'
import { planBlocks } from './chain/plan-blocks.ts'

/** Overhead of the whole, verified: the first half in file order, the second by the given sequence. */
function overheadOf(model: Model, halves: Halves, second: Int32Array, budget: number): number {
  const first = Int32Array.from(modelOf(halves.first).needed)
  const { plan } = finish(model, halves.join(first, second), undefined, 1)
  verify(model.dag, plan, { budget })
  return plan.cost / plan.baseCost - 1
}

describe('where one task takes nearly all of the budget', () => {
  test('a language model is planned before and after the gradient of its logits', () => {
    const model = modelOf(parseDag(fixture('fp-gpt2-small-12l')).dag)
    // Of all budgets, the one in which that task fits just so.
    const { budget, best } = bestKnown('fp-gpt2-small-12l').budgets[5]!
    const halves = halvesAt(model, budget)!
    const [second] = planBlocks(modelOf(halves.second), budget)
    expect(overheadOf(model, halves, second!, budget)).toBeLessThan(best! - 0.01)
    expect(halvesAt(model, 1.1 * budget)).toBeUndefined()
    expect(halvesAt(model, budget - 1)).toBeUndefined()
  })

  /** Three steps forward, a loss, what comes of it, and back, with the largest value first. */
  const small = (read: readonly number[]): Model => {
    const nodes = [
      { id: 0, cost: 10, bytes: 2, inputs: [] },
      { id: 1, cost: 10, bytes: 4, inputs: [0] },
      { id: 2, cost: 10, bytes: 4, inputs: [1] },
      { id: 3, cost: 1, bytes: 1, inputs: [2] },
      { id: 4, cost: 1, bytes: 2, inputs: [3] },
      { id: 5, cost: 10, bytes: 20, inputs: [2, 4, ...read] },
      { id: 6, cost: 10, bytes: 3, inputs: [5] },
      { id: 7, cost: 10, bytes: 4, inputs: [1, 2, 6] },
      { id: 8, cost: 10, bytes: 2, inputs: [0, 1, 7] },
    ]
    return modelOf(parseDag({ nodes, outputs: [3, 8] }).dag)
  }

  test.each([
    ['is held where the task reads it', [3], 27, []],
    ['is held where there is room', [], 27, []],
    ['is made again from what is there', [], 26, [3]],
  ])('a loss %s', (_, read, budget, again) => {
    const model = small(read)
    const halves = halvesAt(model, budget)!
    expect(modelOf(halves.second).needed).toEqual([0, 1, 2, 6, 7, 8])
    const second = Int32Array.of(6, 0, 1, 2, 7, 8)
    expect([...halves.join(Int32Array.of(0, 1, 2, 3, 4, 5), second)]).toEqual([
      ...[0, 1, 2, 3, 4, 5],
      ...again,
      ...second,
    ])
    overheadOf(model, halves, second, budget)
  })

  test('what there is room for is held if that saves anything', () => {
    const halves = halvesAt(small([]), 27)!
    expect(halves.second.values.map(v => v.input === true).map(Number)).toEqual([0, 0, 0, 1, 0, 1, 0, 0, 0])
  })
})
