import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Dag, Plan, Step } from '../dag/dag.ts'
import { dagHash } from '../dag/hash.ts'
import { modelOf } from '../dag/model.ts'
import { parseDag } from '../dag/parse.ts'
import { judge } from '../testing/naive.ts'
import { obedientPlan } from '../testing/obedient.ts'
import { randomDag } from '../testing/random-dag.ts'
import { Replay } from './replay.ts'

/** x → a → b → c, then d reads c, b and a: only c is kept of the first three. */
const dag: Dag = {
  values: [{ bytes: 4, input: true }, ...[8, 8, 8, 8].map(bytes => ({ bytes }))],
  tasks: [
    { cost: 1, reads: [0], writes: [1] },
    { cost: 1, reads: [1], writes: [2] },
    { cost: 1, reads: [2], writes: [3] },
    { cost: 1, reads: [1, 2, 3], writes: [4] },
  ],
  checkpoints: [{ tasks: [0, 1, 2], keeps: [3] }],
  outputs: [4],
}

/** Both verdicts on the steps of a plan, whatever it says of itself: the error, or undefined. */
function verdict(on: Dag, steps: readonly Step[]): string | undefined {
  const said = { peakBytes: 0, arenaBytes: 0, cost: 0, baseCost: modelOf(on).baseCost, lowerBound: 0 }
  let plan: Plan = { pinned: [], steps, choice: (on.choices ?? []).map(() => 0), ...said }
  try {
    plan = { ...plan, ...new Replay(on, plan).run(plan) }
  } catch (error) {
    expect(judge(on, { ...plan, arenaBytes: 1e9 })).toMatchObject({ ok: false })
    return (error as Error).message
  }
  expect(judge(on, plan)).toMatchObject({ ok: true })
  return undefined
}

const runs = (...tasks: number[]): Step[] => tasks.map(run => ({ run }))
const free = (...values: number[]): Step[] => values.map(v => ({ free: v }))

describe('a checkpoint', () => {
  test('drops what it does not keep when its last task has run', () => {
    expect(verdict(dag, [...runs(0, 1, 2), ...free(1, 2), ...runs(0, 1, 3)])).toBeUndefined()
    expect(verdict(dag, [...runs(0, 1, 2), ...free(2), ...runs(3)])).toMatch(/value 1 outlives checkpoint 0/)
    expect(verdict(dag, [...runs(0, 1, 2), ...free(1), ...runs(0, 3)])).toMatch(/value 2 outlives/)
  })

  test('lets its own tasks read what they wrote, and run again before it ends', () => {
    expect(
      verdict(dag, [...runs(0, 1), ...free(1), ...runs(2), ...free(2), ...runs(0, 1, 3)]),
    ).toBeUndefined()
    expect(
      verdict(dag, [...runs(0, 1), ...free(1), ...runs(0, 2), ...free(1, 2), ...runs(0, 1, 3)]),
    ).toBeUndefined()
  })

  test('has nothing to say of what is computed again, nor of readers before it ends', () => {
    const early = { ...dag, checkpoints: [{ tasks: [0, 1, 2], keeps: [2, 3] }] }
    expect(verdict(early, [...runs(0, 1, 2), ...free(1), ...runs(0, 3)])).toBeUndefined()
    const outside = { ...dag, checkpoints: [{ tasks: [0, 2], keeps: [3] }] }
    expect(verdict(outside, [...runs(0, 1, 2), ...free(1), ...runs(0, 3)])).toBeUndefined()
  })

  test('is read from files, and is part of what a plan depends on', () => {
    expect(parseDag(JSON.parse(JSON.stringify(dag))).dag).toEqual(dag)
    const { checkpoints: _, ...without } = dag
    expect(dagHash(dag)).not.toBe(dagHash(without))
    expect(dagHash({ ...without, checkpoints: [] })).toBe(dagHash(without))
    expect(modelOf(dag).checkpoints).toEqual([{ tasks: [0, 1, 2], interior: [1, 2] }])
    expect(modelOf(without).checkpoints).toEqual([])
  })

  test.each<[string, Partial<Dag>, RegExp]>([
    ['an unknown task', { checkpoints: [{ tasks: [9], keeps: [] }] }, /unknown task/],
    ['a value from elsewhere', { checkpoints: [{ tasks: [0], keeps: [2] }] }, /do not write/],
    [
      'regions that overlap in part',
      {
        checkpoints: [
          { tasks: [0, 1], keeps: [] },
          { tasks: [1, 2], keeps: [3] },
        ],
      },
      /in part/,
    ],
    ['a dropped output', { checkpoints: [{ tasks: [3], keeps: [] }] }, /an output or a successor/],
    [
      'a dropped result of a task that runs once',
      { tasks: [{ ...dag.tasks[0]!, once: true }, ...dag.tasks.slice(1)] },
      /must run once/,
    ],
  ])('refuses %s', (_, change, message) => {
    expect(() => modelOf({ ...dag, ...change })).toThrow(message)
  })
})

test('two judges agree on random DAGs with checkpoints, obeyed or not', () => {
  const seen = { obeyed: 0, repeated: 0, broken: 0 }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fffffff }), seed => {
      const random = randomDag(seed, { tasks: 14, checkpoints: true })
      const { checkpoints, needed } = modelOf(random)
      if (checkpoints.length === 0) return
      const { steps } = obedientPlan(random)
      expect(verdict(random, steps)).toBeUndefined()
      seen.obeyed++
      if (steps.filter(s => 'run' in s).length > needed.length) seen.repeated++
      const some = checkpoints[seed % checkpoints.length]!.interior
      const disobedient = obedientPlan(random, new Set([some[seed % some.length]!])).steps
      if (verdict(random, disobedient) !== undefined) seen.broken++
    }),
    { seed: 31, numRuns: process.env.STINT_FULL === '1' ? 5000 : 200 },
  )
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20)
})
