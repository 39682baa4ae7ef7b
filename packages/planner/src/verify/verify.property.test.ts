import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Dag, Fixed, Plan } from '../dag/dag.ts'
import { PlanError } from '../errors.ts'
import { ladder } from '../plan/ladder.ts'
import { Random } from '../strategy/random.ts'
import { mutations, withoutOffsets } from '../testing/mutate.ts'
import { judge, type Verdict } from '../testing/naive.ts'
import { randomDag } from '../testing/random-dag.ts'
import { wrongs } from '../testing/wrongs.ts'
import { verify } from './verify.ts'

const full = process.env.STINT_FULL === '1'
const dags = full ? 10_000 : 40
const seeds = fc.integer({ min: 0, max: 0x7fffffff })

/** What the verifier says, in the naive judge's words. */
function verdict(
  dag: Dag,
  plan: Plan,
  options: { budget?: number; fixed?: Fixed } = {},
): Verdict | { ok: false } {
  try {
    const { peakBytes, arenaBytes, cost } = verify(dag, plan, options)
    return { ok: true, peak: peakBytes, arena: arenaBytes, cost }
  } catch (error) {
    if (!(error instanceof PlanError)) throw error
    return { ok: false }
  }
}

function naive(dag: Dag, plan: Plan, options: { budget?: number; fixed?: Fixed } = {}): object {
  const found = judge(dag, plan, options)
  return found.ok ? found : { ok: false }
}

/** Checks that both say the same; returns whether that is yes. */
function agree(dag: Dag, plan: Plan, name: string): boolean {
  const [found, other] = [verdict(dag, plan), judge(dag, plan)]
  if (found.ok !== other.ok || found.ok) expect(found, `${name}: ${JSON.stringify(other)}`).toEqual(other)
  return found.ok
}

/** The plan, or the plan with what it says of itself corrected, so that a mutation is judged by its steps. */
function honest(dag: Dag, plan: Plan): Plan {
  let now = plan
  for (const field of ['peakBytes', 'cost', 'arenaBytes', 'baseCost'] as const) {
    const found = judge(dag, now)
    if (found.ok) break
    const is = /^says (?:peak|cost|arena|base cost) \d+, is (\d+)$/.exec(found.reason)?.[1]
    if (is === undefined) break
    now = { ...now, [field]: Number(is) }
  }
  return now
}

function plansOf(seed: number): { dag: Dag; plans: Plan[]; random: Random } {
  const dag = randomDag(seed, { tasks: 12 })
  const rungs = [...ladder(dag)]
  const ends = rungs.length > 1 ? [rungs[0]!, rungs.at(-1)!] : rungs
  return { dag, plans: ends, random: new Random(seed ^ 0x5bd1e995) }
}

describe('the verifier and a naive judge', { timeout: full ? 1_800_000 : 60_000 }, () => {
  test('agree on every mutation of a plan', () => {
    const seen = new Map<string, { yes: number; no: number }>()
    fc.assert(
      fc.property(seeds, seed => {
        const { dag, plans, random } = plansOf(seed)
        for (const plan of plans.flatMap(p => [p, withoutOffsets(p)])) {
          expect(verdict(dag, plan)).toEqual({ ...judge(dag, plan) })
          for (const [name, mutate] of Object.entries(mutations)) {
            const mutant = mutate(dag, plan, random)
            if (mutant === undefined) continue
            for (const p of [mutant, honest(dag, mutant)]) {
              const count = seen.get(name) ?? { yes: 0, no: 0 }
              if (agree(dag, p, name)) count.yes++
              else count.no++
              seen.set(name, count)
            }
          }
        }
      }),
      { seed: 1, numRuns: dags },
    )
    // Each mutation was tried; most of them break some plans and leave others right.
    expect([...seen.keys()].sort()).toEqual(Object.keys(mutations).sort())
    const both = [...seen.values()].filter(c => c.yes > 0 && c.no > 0).length
    expect(both).toBeGreaterThanOrEqual(16)
    expect([...seen.values()].every(c => c.no > 0)).toBe(true)
  })

  test('agree on several mutations at once', () => {
    const all = Object.values(mutations)
    fc.assert(
      fc.property(seeds, seed => {
        const { dag, plans, random } = plansOf(seed)
        for (const plan of plans.flatMap(p => [p, withoutOffsets(p)]))
          for (let tries = 0; tries < 8; tries++) {
            let mutant = plan
            for (let i = 2 + random.below(2); i > 0 && mutant.steps.length > 1; i--)
              mutant = all[random.below(all.length)]!(dag, mutant, random) ?? mutant
            mutant = honest(dag, mutant)
            agree(dag, mutant, 'several')
          }
      }),
      { seed: 2, numRuns: dags },
    )
  })

  test('agree on budgets and fixed places', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const { dag, plans, random } = plansOf(seed)
        for (const plan of plans) {
          const budget = plan.arenaBytes + random.below(3) - 1
          expect(verdict(dag, plan, { budget })).toEqual(naive(dag, plan, { budget }))
          const fixed = plan.pinned.filter(() => random.below(2) === 0)
          expect(verdict(dag, plan, { fixed })).toMatchObject({ ok: true })
          if (fixed.length === 0) continue
          const moved = fixed.map(([v, at]): [number, number] => [v, at + (dag.align ?? 1)])
          expect(verdict(dag, plan, { fixed: moved })).toEqual({ ok: false })
          expect(naive(dag, plan, { fixed: moved })).toEqual({ ok: false })
        }
      }),
      { seed: 3, numRuns: dags },
    )
  })

  test('always reject what is wrong for certain', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(seeds, seed => {
        const { dag, plans, random } = plansOf(seed)
        for (const plan of plans)
          for (const [name, spoil] of Object.entries(wrongs)) {
            const wrong = spoil(dag, plan, random)
            if (wrong === undefined) continue
            seen.set(name, (seen.get(name) ?? 0) + 1)
            expect(() => verify(dag, wrong), name).toThrow(PlanError)
            expect(judge(dag, wrong).ok, name).toBe(false)
          }
      }),
      { seed: 4, numRuns: dags },
    )
    for (const name of Object.keys(wrongs)) expect(seen.get(name), name).toBeGreaterThan(5)
  })
})
