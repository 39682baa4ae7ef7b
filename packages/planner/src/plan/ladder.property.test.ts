import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Dag, Plan } from '../dag/dag.ts'
import { planHash } from '../dag/hash.ts'
import { judge } from '../testing/naive.ts'
import { randomDag } from '../testing/random-dag.ts'
import { verify } from '../verify/verify.ts'
import { improveRung, ladder } from './ladder.ts'

const full = process.env.STINT_FULL === '1'
const seeds = fc.integer({ min: 0, max: 0x7fffffff })
const quick = { seed: 1 }

function eachLadder(seed: number, runs: number, check: (dag: Dag, rungs: readonly Plan[]) => void): void {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 24 }), (s, tasks) => {
      const dag = randomDag(s, { tasks })
      check(dag, [...ladder(dag, quick)])
    }),
    { seed, numRuns: full ? 10_000 : runs },
  )
}

const runsOf = (plan: Plan): number[] => plan.steps.flatMap(s => ('run' in s ? [s.run] : []))

describe('the ladder of a random DAG', { timeout: full ? 1_800_000 : 60_000 }, () => {
  test('has rungs that the verifier and the naive judge both accept, with the same figures', () => {
    let longest = 0
    eachLadder(11, 80, (dag, rungs) => {
      expect(rungs.length).toBeGreaterThan(0)
      longest = Math.max(longest, rungs.length)
      for (const rung of rungs) {
        const { peakBytes, arenaBytes, cost } = verify(dag, rung, { budget: rung.arenaBytes })
        expect(judge(dag, rung)).toEqual({ ok: true, peak: peakBytes, arena: arenaBytes, cost })
        expect(rung.arenaBytes).toBe(arenaBytes)
      }
    })
    expect(longest).toBeGreaterThan(3)
  })

  test('has strictly decreasing arenas, and recomputes nothing on its first rung', () => {
    eachLadder(12, 60, (_, rungs) => {
      for (const [i, rung] of rungs.entries())
        if (i > 0) expect(rung.arenaBytes).toBeLessThan(rungs[i - 1]!.arenaBytes)
      const first = runsOf(rungs[0]!)
      expect(new Set(first).size).toBe(first.length)
    })
  })

  test('has rungs of which the most can be made, in the same bytes', () => {
    eachLadder(16, 40, (dag, rungs) => {
      for (const rung of rungs) {
        const better = improveRung(dag, rung, { iterations: 10 })
        expect(better.cost).toBeLessThanOrEqual(rung.cost)
        expect(better.arenaBytes).toBe(rung.arenaBytes)
        expect(verify(dag, better, { budget: rung.arenaBytes }).cost).toBe(better.cost)
        expect(improveRung(dag, rung, { iterations: 10 })).toEqual(better)
      }
    })
  })

  test('is the same every time', () => {
    eachLadder(13, 40, (dag, rungs) => {
      expect([...ladder(dag, quick)].map(planHash)).toEqual(rungs.map(planHash))
    })
  })

  test('knows nothing of names', () => {
    eachLadder(14, 20, (dag, rungs) => {
      const named = {
        ...dag,
        values: dag.values.map((v, i) => ({ ...v, name: `v${i}` })),
        tasks: dag.tasks.map((t, i) => ({ ...t, name: `t${i}` })),
      }
      expect([...ladder(named, quick)]).toEqual(rungs)
    })
  })

  test('keeps pinned values where another program has put them', () => {
    eachLadder(15, 60, (dag, rungs) => {
      const align = dag.align ?? 1
      const places = rungs[0]!.pinned.filter(([v]) => dag.values[v]!.pinned === true)
      // Back to front, with a gap.
      const end = Math.max(
        0,
        ...places.map(([v, at]) => at + Math.ceil(dag.values[v]!.bytes / align) * align),
      )
      const fixed = places.map(([v, at]): [number, number] => {
        const size = Math.ceil(dag.values[v]!.bytes / align) * align
        return [v, align + end - at - size]
      })
      for (const rung of ladder(dag, { ...quick, fixed })) {
        expect(verify(dag, rung, { fixed }).arenaBytes).toBe(rung.arenaBytes)
        expect(judge(dag, rung, { fixed }).ok).toBe(true)
      }
    })
  })
})
