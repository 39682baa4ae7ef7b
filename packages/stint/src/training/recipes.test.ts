import { cpu } from '@stint/backend-cpu'
import { wasm } from '@stint/backend-wasm'
import { worker } from '@stint/backend-worker'
import type { Dataset } from '@stint/data'
import {
  type Backend,
  InfeasibleBudgetError,
  type Ladder,
  type Memory,
  type Planned,
  parseMemory,
  planPrograms,
} from '@stint/engine'
import { type Plan, planHash } from '@stint/planner'
import { type FitOptions, fit, type Recipe, trainingPrograms } from '@stint/train'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadRecipe } from '../cli/recipes.ts'
import { recipePath, root } from '../cli/testing/call.ts'

const full = process.env.STINT_FULL === '1'
const page = 65_536
const f32 = 4

/** How many tasks a plan runs, repetitions included. */
function runs({ steps }: Plan): number {
  return steps.filter(s => 'run' in s).length
}

interface Subject {
  readonly recipe: Recipe
  readonly data: { readonly train: Dataset; readonly test: Dataset }
}

async function subjectOf(name: Case['name']): Promise<Subject> {
  const recipe = await loadRecipe(recipePath(name), root)
  return { recipe, data: await recipe.data() }
}

/** Trains for some steps, and gives what is seen of memory and state. */
async function train(
  { recipe, data }: Subject,
  options: Pick<FitOptions, 'memory' | 'backend' | 'audit'> & {
    readonly steps: number
    readonly batch?: number
  },
) {
  const { name: _, model, data: __, epochs: ___, ...method } = recipe
  await using run = fit(model(), { ...method, data: data.train, test: data.test, seed: 1, ...options })
  let [touched, loss] = [0, Number.NaN]
  for await (const report of run) {
    touched = Math.max(touched, report.touchedPeakBytes ?? 0)
    loss = report.loss
  }
  const { arenaBytes, heldBytes } = run.session
  return {
    touched,
    loss,
    arenaBytes,
    heldBytes,
    predictedPeakBytes: run.predictedPeakBytes,
    plan: run.plan,
    hash: await run.stateHash(),
  }
}

/** What is asked of a recipe. */
interface Case {
  readonly name: 'digits-mlp' | 'fashion-cnn'
  readonly on: 'cpu' | 'wasm'
  /** Another backend whose numbers are the same at the usual budget. */
  readonly same?: Backend
  /** Shares of the unconstrained peak, in percent, that must be feasible. */
  readonly feasible: readonly number[]
  /** Steps after which the state is compared, and steps that are audited. */
  readonly steps: number
  readonly audited: number
  /** Budgets at which it is run, besides none and the smallest. */
  readonly run: readonly Memory[]
  /** Bytes that training may take besides what is pinned, computed by hand from the layers. */
  readonly honest: number
  /** Of the smallest share that must be feasible. */
  readonly overhead: number
}

const hidden = 256 * 32 * f32

/**
 * The convolutional network's: the images as bytes, the inputs of thirteen normalizations and of the dense layer, six
 * residual sums, and twice the largest activation.
 */
function honestImages(): number {
  const rows = 64
  const activation = rows * 24 * 14 * 14 * f32
  return rows * 28 * 28 + 13 * activation + rows * 24 * 7 * 7 * f32 + 6 * activation + 2 * activation
}

const cases: readonly Case[] = [
  {
    name: 'digits-mlp',
    on: 'cpu',
    feasible: [100, 75],
    steps: 20,
    audited: full ? 20 : 2,
    run: ['100%', '75%'],
    // The inputs of the seven layers, and twice the largest activation.
    honest: 256 * 64 * f32 + 6 * hidden + 2 * hidden,
    overhead: 0.7,
  },
  {
    name: 'fashion-cnn',
    on: 'wasm',
    same: worker({ threads: 2 }),
    feasible: [100, 75, 50, 40],
    steps: full ? 20 : 2,
    audited: full ? 20 : 2,
    run: ['100%', '75%', '50%', '40%'],
    honest: honestImages(),
    overhead: 0.35,
  },
]

describe.each(cases)(
  '$name on $on',
  ({ name, on, same, feasible, steps, audited, run, honest, overhead }) => {
    const backend = on === 'cpu' ? cpu() : wasm()
    const usual = `${Math.min(...feasible)}%`
    let subject: Subject
    let ladder: Ladder
    let unconstrained: number
    let smallest: number

    beforeAll(async () => {
      subject = await subjectOf(name)
      const { recipe, data } = subject
      const { programs } = trainingPrograms(recipe.model(), { ...recipe, data: data.train, test: data.test })
      const { ladders, main } = planPrograms({ programs, backend }, await backend.target(), 'none')
      ladder = ladders.find(l => l.lowered.name === main)!
      unconstrained = ladder.unconstrained.arenaBytes
      smallest = ladder.find(0).plan.arenaBytes
    }, 120_000)

    const atShare = (percent: number): Planned => ladder.fit(Math.floor((percent / 100) * unconstrained))

    test('the training program on full batches is the largest', () => {
      expect(ladder.lowered.name).toBe('train')
    })

    test('the unconstrained peak is no more than training needs', () => {
      const pinned = ladder.with(ladder.unconstrained).pinned.reduce((n, p) => n + p.bytes, 0)
      expect(unconstrained).toBeLessThanOrEqual(pinned + honest)
      // Nothing runs twice; an update may be written beside what it replaces and then copied.
      expect(runs(ladder.unconstrained)).toBe(ladder.lowered.tasks.tasks.length)
      // Beyond that it costs what it copies into buffers whose old content is still read.
      const copyCost = new Map((ladder.dag.dag.next ?? []).map(n => [n.pinned, n.copyCost]))
      const copies = ladder.unconstrained.steps.reduce(
        (n, step) => n + ('commit' in step ? copyCost.get(step.commit)! : 0),
        0,
      )
      expect(ladder.unconstrained.cost).toBe(ladder.unconstrained.baseCost + copies)
    })

    test('every share that must be feasible is, and its plan fits', () => {
      for (const percent of feasible)
        expect(atShare(percent).plan.arenaBytes).toBeLessThanOrEqual((percent / 100) * unconstrained)
      expect(subject.recipe.memory).toBe(usual)
    })

    test('the usual budget is met by real recomputation, at a bearable cost', () => {
      const { plan } = atShare(Math.min(...feasible))
      expect(runs(plan)).toBeGreaterThan(runs(ladder.unconstrained))
      expect(plan.cost).toBeGreaterThan(plan.baseCost)
      expect(plan.cost / plan.baseCost - 1).toBeLessThanOrEqual(overhead)
    })

    test('a smaller budget never gives a larger arena, and there are several plans', {
      timeout: 600_000,
    }, () => {
      const share = full ? 0.99 : 0.9
      let before = Number.POSITIVE_INFINITY
      const plans = new Set<string>()
      for (let budget = unconstrained; budget >= smallest; budget = Math.floor(budget * share)) {
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
      const free = await train(subject, { memory: 'none', steps, backend })
      expect(free.arenaBytes).toBe(unconstrained)
      let before = free.arenaBytes
      for (const memory of [...run, smallest]) {
        const seen = await train(subject, { memory, steps, backend })
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
      if (same !== undefined)
        expect((await train(subject, { memory: usual, steps, backend: same })).hash).toBe(free.hash)
    })

    test('the audit finds every byte in place, and none above the arena', {
      timeout: 3_600_000,
    }, async () => {
      const plain = await train(subject, { memory: 'none', steps: audited, backend })
      for (const memory of full ? ['none', ...run, smallest] : [usual]) {
        const seen = await train(subject, { memory, steps: audited, backend, audit: true })
        expect(seen.touched).toBeGreaterThan(0)
        expect(seen.touched).toBeLessThanOrEqual(seen.arenaBytes)
        expect(seen.hash).toBe(plain.hash)
      }
    })
  },
)

test.each(['digits-mlp', 'fashion-cnn'] as const)(
  '%s: after 20 steps the loss on wasm and on worker is that on cpu to 1e-4',
  { timeout: 300_000 },
  async name => {
    const subject = await subjectOf(name)
    const loss = async (backend: Backend) =>
      (await train(subject, { memory: 'none', steps: 20, backend })).loss
    const oracle = await loss(cpu())
    for (const backend of [wasm(), worker({ threads: 2 })])
      expect(Math.abs((await loss(backend)) / oracle - 1)).toBeLessThanOrEqual(1e-4)
  },
)

test('fashion-cnn in plain TypeScript, a few images at a time: no budget changes a number', {
  timeout: 300_000,
}, async () => {
  const subject = await subjectOf('fashion-cnn')
  const method = { steps: full ? 5 : 2, batch: 4, backend: cpu() }
  const free = await train(subject, { ...method, memory: 'none' })
  const refused = await train(subject, { ...method, memory: 1 }).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(InfeasibleBudgetError)
  const { smallestBudgetBytes } = refused as InfeasibleBudgetError
  for (const memory of ['75%', smallestBudgetBytes]) {
    const seen = await train(subject, { ...method, memory, audit: true })
    expect(seen.hash).toBe(free.hash)
    expect(seen.plan.recomputedTasks).toBeGreaterThan(0)
    expect(seen.touched).toBeLessThanOrEqual(seen.arenaBytes)
    expect(seen.arenaBytes).toBeLessThan(free.arenaBytes)
  }
})
