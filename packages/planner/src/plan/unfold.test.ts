import fc from 'fast-check'
import { expect, test } from 'vitest'
import { modelOf } from '../dag/model.ts'
import { InfeasibleBudgetError } from '../errors.ts'
import { judge } from '../testing/naive.ts'
import { randomDag } from '../testing/random-dag.ts'
import { verify } from '../verify/verify.ts'
import { ladder } from './ladder.ts'
import { plan } from './plan.ts'
import { storeAllPeak } from './store-all.ts'
import { unfold } from './unfold.ts'

const numRuns = process.env.STINT_FULL === '1' ? 5000 : 150
const seeds = fc.integer({ min: 0, max: 0x7fffffff })

test('the rungs of a DAG with checkpoints obey them, by two judges', () => {
  const seen = { obeyed: 0, repeated: 0 }
  fc.assert(
    fc.property(seeds, seed => {
      const dag = randomDag(seed, { tasks: 16, checkpoints: true })
      if (modelOf(dag).checkpoints.length === 0) return
      for (const rung of ladder(dag)) {
        const { peakBytes, arenaBytes, cost, recomputedTasks } = verify(dag, rung, {
          budget: rung.arenaBytes,
        })
        expect(judge(dag, rung)).toEqual({ ok: true, peak: peakBytes, arena: arenaBytes, cost })
        seen.obeyed++
        if (recomputedTasks > 0) seen.repeated++
      }
    }),
    { seed: 51, numRuns },
  )
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50)
})

test.each([false, true])('plans within a budget obey checkpoints, with layout: %s', layout => {
  fc.assert(
    fc.property(seeds, fc.double({ min: 0.7, max: 1, noNaN: true }), (seed, share) => {
      const dag = randomDag(seed, { tasks: 16, checkpoints: true })
      if (modelOf(dag).checkpoints.length === 0) return
      const budget = Math.floor(storeAllPeak(dag) * share)
      try {
        const found = plan(dag, { budget, layout, iterations: 4 })
        const { peakBytes, arenaBytes, cost } = verify(dag, found, { budget })
        expect(judge(dag, found, { budget })).toEqual({ ok: true, peak: peakBytes, arena: arenaBytes, cost })
      } catch (error) {
        if (!(error instanceof InfeasibleBudgetError)) throw error
      }
    }),
    { seed: 52, numRuns },
  )
})

test('a chain of blocks, each a checkpoint, stores block ends alone', () => {
  const length = 24
  // x0 … x24, then back: each d reads the d before and the x of its place.
  const values = Array.from({ length: 2 * length + 2 }, () => ({ bytes: 8 }))
  const tasks = Array.from({ length: 2 * length + 2 }, (_, t) =>
    t === 0
      ? { cost: 1, reads: [], writes: [0] }
      : { cost: 1, reads: t <= length ? [t - 1] : [t - 1, 2 * length + 1 - t], writes: [t] },
  )
  const blocks = Array.from({ length: length / 4 }, (_, b) => {
    const own = [1, 2, 3, 4].map(i => 4 * b + i)
    return { tasks: own, keeps: [own[3]!] }
  })
  const dag = { values, tasks, outputs: [2 * length + 1], checkpoints: blocks }
  const { checkpoints: _, ...plain } = dag
  const [hinted] = ladder(dag)
  const [free] = ladder(plain)
  expect(verify(dag, hinted!).recomputedTasks).toBe((length / 4) * 3)
  expect(hinted!.cost - hinted!.baseCost).toBe((length / 4) * 3)
  expect(hinted!.peakBytes).toBeLessThan(0.6 * free!.peakBytes)
  expect(unfold(plain)).toBeUndefined()
})
