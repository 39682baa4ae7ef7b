import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Dag, Plan } from '../dag/dag.ts'
import { dagHash } from '../dag/hash.ts'
import { parseDag } from '../dag/parse.ts'
import { ladder } from '../plan/ladder.ts'
import { plan } from '../plan/plan.ts'
import { fixture } from '../testing/fixtures.ts'
import { randomDag } from '../testing/random-dag.ts'
import { verify } from '../verify/verify.ts'
import { explain } from './explain.ts'

/** a → b → c, then d reads c and a. */
const dag: Dag = {
  values: [
    { name: 'w', bytes: 4, pinned: true },
    { name: 'a', bytes: 8 },
    { name: 'b', bytes: 8 },
    { name: 'c', bytes: 8 },
    { name: 'd', bytes: 8 },
    { name: 'new w', bytes: 4 },
  ],
  tasks: [
    { cost: 5, reads: [0], writes: [1], site: 'model.ts:3' },
    { name: 'second', cost: 7, reads: [1], writes: [2], workspace: 2 },
    { cost: 9, reads: [2], writes: [3], inPlace: [[2, 3]] },
    { cost: 3, reads: [1, 3], writes: [4], once: true },
    { cost: 1, reads: [0, 4], writes: [5] },
  ],
  next: [{ pinned: 0, value: 5, copyCost: 2 }],
  outputs: [4],
}

/** Keeps `a`, or frees it and computes it again. */
function planOf(keeps: boolean): Plan {
  const steps = [
    { run: 0 },
    { run: 1 },
    ...(keeps ? [] : [{ free: 1 }]),
    { run: 2, replaces: [[3, 2]] as [number, number][] },
    ...(keeps ? [] : [{ run: 0 }]),
    { run: 3 },
    { free: 3 },
    { free: 1 },
    { run: 4 },
    { commit: 0 },
  ]
  const more = { peakBytes: 28, arenaBytes: 28, cost: keeps ? 27 : 32, baseCost: 25, lowerBound: 25 }
  return { pinned: [], steps, choice: [], ...more }
}

describe('an explanation', () => {
  test('says of what is kept for how long, and what it would cost to have it again', () => {
    const { kept, recomputed } = explain(dag, planOf(true))
    expect(recomputed).toEqual([])
    expect(kept).toEqual([
      {
        value: 1,
        name: 'a',
        site: 'model.ts:3',
        bytes: 8,
        idle: 1,
        cost: 5,
        again: { cost: 5, tasks: 1 },
        why: 'cheaper',
      },
    ])
  })

  test('says of what is computed again how often, for what, and while it is away', () => {
    const { recomputed, kept } = explain(dag, planOf(false))
    expect(kept.map(v => [v.name, v.idle, v.again])).toEqual([['c', 1, { cost: 16, tasks: 2 }]])
    expect(recomputed).toEqual([
      {
        value: 1,
        name: 'a',
        site: 'model.ts:3',
        bytes: 8,
        times: 1,
        cost: 5,
        away: 1,
        fullest: 12,
        awayAtPeak: false,
        onTheWay: false,
        checkpoint: false,
      },
    ])
  })

  test('says what was dropped because a checkpoint asks for it', () => {
    const found = explain({ ...dag, checkpoints: [{ tasks: [0, 1], keeps: [2] }] }, planOf(false))
    expect(found.checkpoints).toEqual([{ tasks: 2, count: 1, bytes: 8 }])
    expect(found.recomputed.map(v => [v.name, v.checkpoint])).toEqual([['a', true]])
    expect(String(found)).toContain('1 checkpoint dropped 8 B')
  })

  test('says what fills the peak, what hints were obeyed, what took whose place', () => {
    const { peak, totals, once } = explain(dag, planOf(true))
    expect(peak).toMatchObject({ run: 3, task: 'd', bytes: 28 })
    expect(peak.values.map(v => [v.name, v.why, v.next])).toEqual([
      ['a', 'used here', undefined],
      ['c', 'used here', undefined],
      ['d', 'used here', 1],
      ['w', 'resident', 1],
    ])
    expect(once).toEqual(['d'])
    expect(totals).toMatchObject({
      inPlace: { count: 1, bytes: 8 },
      donated: { count: 0 },
      copied: { count: 1, bytes: 4, cost: 2 },
      runs: 5,
      trivial: true,
    })
    expect(totals.overhead).toBeCloseTo(27 / 25 - 1)
  })

  test('is plain data, and a text of 80 columns', () => {
    const found = explain(dag, planOf(false))
    expect(JSON.parse(JSON.stringify(found))).toEqual({ ...found })
    expect(
      String(found),
    ).toBe(`Peak 28 B, arena 28 B. Cost 32, 28.0 % above 25, which is every task once; 1 of
6 runs are repeated. No plan costs less than 25 (gap 28.0 %), a trivial bound.
In place: 1 result (8 B) in place of an input; 1 update (4 B) copied there
later, at a cost of 2.
Hints obeyed: 1 task ran once, as asked (d).

What fills the peak: run 5 of 6, d
        8 B  a model.ts:3  28.6 %: used now
        8 B  c             28.6 %: used now
        8 B  d             28.6 %: used now, read next
        4 B  w             14.3 %: always there

Computed again: 1 value, at what cost, and how full it was meanwhile
        8 B  a model.ts:3  1 × 5: away 1 run, 42.9 % full

Kept while unused: 1 value, and what it would cost to have them again
        8 B  c  1 run: 16 in 2 tasks
`)
  })

  test('refuses a plan that breaks a rule', () => {
    expect(() => explain(dag, { ...planOf(true), cost: 1 })).toThrow(/cost/)
  })
})

test('sites are read from files, and change no hash', () => {
  const { dag: read } = parseDag(JSON.parse(JSON.stringify(dag)))
  expect(read.tasks[0]!.site).toBe('model.ts:3')
  const { site: _, ...first } = dag.tasks[0]!
  expect(dagHash({ ...dag, tasks: [first, ...dag.tasks.slice(1)] })).toBe(dagHash(dag))
  const shorthand = { nodes: [{ id: 0, cost: 1, bytes: 1, inputs: [], site: 'x.py:7' }], outputs: [0] }
  expect(parseDag(shorthand).dag.tasks[0]!.site).toBe('x.py:7')
})

test('any plan can be explained, in lines that fit, and what is said adds up', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fffffff }), fc.integer({ min: 1, max: 30 }), (seed, tasks) => {
      const random = randomDag(seed, { tasks })
      for (const found of [...ladder(random)].slice(-2)) {
        const { totals, peak, recomputed, kept } = explain(random, found)
        expect(totals.recomputedTasks).toBe(verify(random, found).recomputedTasks)
        const cost = new Map<number, number>()
        for (const step of found.steps) if ('run' in step) cost.set(step.run, (cost.get(step.run) ?? 0) + 1)
        const producer = (v: number) => random.tasks.findIndex((t, i) => t.writes.includes(v) && cost.has(i))
        for (const v of recomputed) expect(v.times).toBeLessThan(cost.get(producer(v.value))!)
        for (const v of kept) {
          if (v.why === 'once') expect(random.tasks[producer(v.value)]!.once).toBe(true)
          if (v.again !== undefined) expect(v.again.cost).toBeGreaterThanOrEqual(v.cost)
        }
        if (peak.run >= 0) expect(peak.bytes).toBe(found.peakBytes)
        expect(peak.values.reduce((n, v) => n + v.bytes, 0)).toBeLessThanOrEqual(peak.bytes)
        for (const columns of [60, 80, 120])
          for (const line of explain(random, found).toString({ columns }).split('\n'))
            expect(line.length).toBeLessThanOrEqual(columns)
      }
    }),
    { seed: 41, numRuns: 60 },
  )
})

test('the peak of a transformer is filled to the last byte', () => {
  const { dag: gpt } = parseDag(fixture('fp-gpt-2l'))
  const found = plan(gpt, { budget: 40_000_000, iterations: 10 })
  const { peak, recomputed } = explain(gpt, found)
  expect(peak.values.reduce((n, v) => n + v.bytes, 0)).toBe(found.peakBytes)
  const again = recomputed.reduce((n, v) => n + v.times * v.cost, 0)
  expect(again).toBe(found.cost - found.baseCost)
})
