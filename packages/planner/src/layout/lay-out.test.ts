import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PlannerError } from '../errors.ts'
import { ladder } from '../plan/ladder.ts'
import { withoutOffsets } from '../testing/mutate.ts'
import { judge } from '../testing/naive.ts'
import { randomDag } from '../testing/random-dag.ts'
import { verify } from '../verify/verify.ts'
import { layOut } from './lay-out.ts'

test('any plan can be laid out, and keeps its steps, its peak and its cost', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fffffff }), fc.integer({ min: 1, max: 20 }), (seed, tasks) => {
      const dag = randomDag(seed, { tasks })
      for (const plan of [...ladder(dag)].slice(-2)) {
        const placed = layOut(dag, withoutOffsets(plan))
        const { peakBytes, arenaBytes, cost } = verify(dag, placed)
        expect(judge(dag, placed)).toEqual({ ok: true, peak: peakBytes, arena: arenaBytes, cost })
        expect(withoutOffsets(placed).steps).toEqual(withoutOffsets(plan).steps)
        expect([peakBytes, cost]).toEqual([plan.peakBytes, plan.cost])
        expect(placed.arenaBytes).toBeGreaterThanOrEqual(peakBytes)
      }
    }),
    { seed: 31, numRuns: 60 },
  )
})

test('pinned values lie where they are told to', () => {
  const dag = {
    values: [{ bytes: 8, pinned: true }, { bytes: 8, pinned: true }, { bytes: 8 }],
    tasks: [{ cost: 1, reads: [0, 1], writes: [2] }],
    outputs: [2],
    align: 8,
  }
  const plan = [...ladder(dag)][0]!
  const placed = layOut(dag, plan, { fixed: [[1, 16]] })
  expect(placed.pinned).toEqual([
    [1, 16],
    [0, 24],
  ])
  expect(() => layOut(dag, plan, { fixed: [[1, 4]] })).toThrow(PlannerError)
  expect(() => layOut(dag, plan, { fixed: [[2, 0]] })).toThrow(PlannerError)
})
