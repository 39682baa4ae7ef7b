import { cpu } from '@stint/backend-cpu'
import type { Dataset } from '@stint/data'
import {
  InfeasibleBudgetError,
  type Ladder,
  type Memory,
  type Planned,
  parseMemory,
  planPrograms,
} from '@stint/engine'
import { planHash } from '@stint/planner'
import { fit, type Recipe, trainingPrograms } from '@stint/train'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadRecipe } from '../cli/recipes.ts'
import { recipePath, root } from '../cli/testing/call.ts'

const full = process.env.STINT_FULL === '1'
const page = 65_536
const f32 = 4

/** What is asked of a recipe. */
interface Case {
  readonly name: 'digits-mlp' | 'fashion-cnn'
  /** Shares of the unconstrained peak, in percent, that must be feasible. */
  readonly feasible: readonly number[]
  /** Steps after which the state is compared, and steps that are audited. */
  readonly steps: number
  readonly audited: number
  /** Budgets at which it is run, besides none and the smallest. */
  readonly run: readonly Memory[]
  /** Bytes that training may take besides what is pinned, computed by hand from the layers. */
  readonly honest: number
  readonly overheadAtDefault: number
}

/** One activation of a block, [64, 6, 14, 14], and of a hidden layer, [256, 32]. */
const image = 64 * 6 * 14 * 14 * f32
const hidden = 256 * 32 * f32

const cases: readonly Case[] = [
  {
    name: 'digits-mlp',
    feasible: [100, 75],
    steps: 20,
    audited: full ? 20 : 2,
    run: ['100%', '75%'],
    // The inputs of the seven layers, and twice the largest activation.
    honest: 256 * 64 * f32 + 6 * hidden + 2 * hidden,
    overheadAtDefault: 0.7,
  },
  {
    name: 'fashion-cnn',
    feasible: [100, 75, 50, 40],
    steps: full ? 20 : 2,
    audited: full ? 20 : 1,
    run: full ? ['100%', '75%', '50%', '40%'] : ['40%'],
    // The inputs of the twelve convolutions and of the dense layer, five residual sums, twice the largest activation.
    honest: 64 * 28 * 28 + 10 * image + 64 * 6 * 7 * 7 * f32 + 64 * 588 * f32 + 5 * image + 2 * image,
    overheadAtDefault: 0.35,
  },
]

describe.each(cases)('$name', ({ name, feasible, steps, audited, run, honest, overheadAtDefault }) => {
  let recipe: Recipe
  let data: { readonly train: Dataset; readonly test: Dataset }
  let ladder: Ladder
  let unconstrained: number
  let smallest: number

  beforeAll(async () => {
    recipe = await loadRecipe(recipePath(name), root)
    data = await recipe.data()
    const { programs } = trainingPrograms(recipe.model(), { ...recipe, data: data.train, test: data.test })
    const backend = cpu()
    const { ladders, main } = planPrograms({ programs, backend }, await backend.target(), 'none')
    ladder = ladders.find(l => l.lowered.name === main)!
    unconstrained = ladder.unconstrained.arenaBytes
    smallest = ladder.find(0).plan.arenaBytes
  })

  const atShare = (percent: number): Planned => ladder.fit(Math.floor((percent / 100) * unconstrained))

  /** Trains for some steps, and gives what is seen of memory and state. */
  async function trained(memory: Memory, count: number, audit = false) {
    const { name: _, model, data: __, epochs: ___, ...method } = recipe
    const options = { ...method, data: data.train, test: data.test, steps: count, seed: 1, memory, audit }
    await using session = fit(model(), { ...options, backend: cpu() })
    let touched = 0
    for await (const { touchedPeakBytes } of session) touched = Math.max(touched, touchedPeakBytes ?? 0)
    const { arenaBytes, heldBytes } = session.session
    return {
      touched,
      arenaBytes,
      heldBytes,
      predictedPeakBytes: session.predictedPeakBytes,
      plan: session.plan,
      hash: await session.stateHash(),
    }
  }

  test('the training program on full batches is the largest', () => {
    expect(ladder.lowered.name).toBe('train')
  })

  test('the unconstrained peak is no more than training needs', () => {
    const pinned = ladder.with(ladder.unconstrained).pinned.reduce((n, p) => n + p.bytes, 0)
    expect(unconstrained).toBeLessThanOrEqual(pinned + honest)
    expect(ladder.unconstrained.cost).toBe(ladder.unconstrained.baseCost)
  })

  test('every share that must be feasible is, and its plan fits', () => {
    for (const percent of feasible)
      expect(atShare(percent).plan.arenaBytes).toBeLessThanOrEqual((percent / 100) * unconstrained)
    expect(parseMemory(recipe.memory)).toEqual({ fraction: Math.min(...feasible) / 100 })
  })

  test('the usual budget is met by real recomputation, at a bearable cost', () => {
    const { plan } = atShare(Math.min(...feasible))
    expect(plan.cost).toBeGreaterThan(plan.baseCost)
    expect(plan.cost / plan.baseCost - 1).toBeLessThanOrEqual(overheadAtDefault)
  })

  test('a smaller budget never gives a larger arena, and there are several plans', () => {
    let before = Number.POSITIVE_INFINITY
    const plans = new Set<string>()
    for (let budget = unconstrained; budget >= smallest; budget = Math.floor(budget * 0.99)) {
      const { plan } = ladder.fit(budget)
      expect(plan.arenaBytes).toBeLessThanOrEqual(Math.min(before, budget))
      before = plan.arenaBytes
      plans.add(planHash(plan))
    }
    expect(plans.size).toBeGreaterThanOrEqual(3)
  })

  test('one byte less than the smallest budget is refused with that number', () => {
    expect(ladder.fit(smallest).plan.arenaBytes).toBe(smallest)
    expect(() => ladder.fit(smallest - 1)).toThrow(
      expect.objectContaining({ requestedBytes: smallest - 1, smallestBudgetBytes: smallest }),
    )
    expect(() => ladder.fit(smallest - 1)).toThrow(InfeasibleBudgetError)
  })

  test('no budget changes a number', { timeout: 600_000 }, async () => {
    const free = await trained('none', steps)
    expect(free.arenaBytes).toBe(unconstrained)
    let before = free.arenaBytes
    for (const memory of [...run, smallest]) {
      const seen = await trained(memory, steps)
      const asked = parseMemory(memory)
      const limit =
        asked === 'none' ? unconstrained : 'bytes' in asked ? asked.bytes : asked.fraction * unconstrained
      expect(seen.hash).toBe(free.hash)
      expect(seen.arenaBytes).toBe(seen.predictedPeakBytes)
      expect(seen.arenaBytes).toBeLessThanOrEqual(limit)
      expect(seen.arenaBytes).toBeLessThanOrEqual(before)
      expect(seen.heldBytes).toBeGreaterThanOrEqual(seen.arenaBytes)
      expect(seen.heldBytes).toBeLessThan(seen.arenaBytes + page)
      before = seen.arenaBytes
      if (memory === smallest) expect(seen.plan.recomputedTasks).toBeGreaterThan(0)
    }
  })

  test('the audit finds every byte in place, and none above the arena', { timeout: 3_600_000 }, async () => {
    const plain = await trained('none', audited)
    for (const memory of full ? ['none', ...run, smallest] : [recipe.memory]) {
      const seen = await trained(memory, audited, true)
      expect(seen.touched).toBeGreaterThan(0)
      expect(seen.touched).toBeLessThanOrEqual(seen.arenaBytes)
      expect(seen.hash).toBe(plain.hash)
    }
  })
})
