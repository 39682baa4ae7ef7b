import { describe, expect, test } from 'vitest'
import type { Dag, Plan, Step } from '../dag/dag.ts'
import { PlanError } from '../errors.ts'
import { judge } from '../testing/naive.ts'
import { profile, verify } from './verify.ts'

/** w (pinned, becomes w2), x (an input) → a → b; w2 from w and b. */
const dag: Dag = {
  values: [{ bytes: 10, pinned: true }, { bytes: 4, input: true }, { bytes: 6 }, { bytes: 6 }, { bytes: 10 }],
  tasks: [
    { cost: 1, reads: [0, 1], writes: [2] },
    { cost: 2, reads: [2], writes: [3], inPlace: [[2, 3]], workspace: 5 },
    { cost: 4, reads: [0, 3], writes: [4], inPlace: [[0, 4]] },
  ],
  next: [{ pinned: 0, value: 4, copyCost: 8 }],
  outputs: [3],
}

const claims = (steps: Step[], more: Partial<Plan> = {}): Plan => ({
  pinned: [],
  steps,
  choice: [],
  peakBytes: 0,
  arenaBytes: 0,
  cost: 0,
  baseCost: 7,
  lowerBound: 0,
  ...more,
})

/** What both judges find; the peak and cost that a plan says are not looked at. */
function found(steps: Step[], more: Partial<Plan> = {}): { peak: number; cost: number } | string {
  let plan = claims(steps, { arenaBytes: 1000, ...more })
  for (const [field, name] of [
    ['peakBytes', 'peak'],
    ['cost', 'cost'],
  ] as const) {
    const said = judge(dag, plan)
    const is = said.ok ? undefined : new RegExp(`^says ${name} \\d+, is (\\d+)`).exec(said.reason)?.[1]
    if (is !== undefined) plan = { ...plan, [field]: Number(is) }
  }
  try {
    const { peakBytes, cost } = verify(dag, plan)
    expect(judge(dag, plan)).toMatchObject({ ok: true, peak: peakBytes, cost })
    return { peak: peakBytes, cost }
  } catch (error) {
    expect(error).toBeInstanceOf(PlanError)
    expect(judge(dag, plan).ok).toBe(false)
    return (error as PlanError).message
  }
}

const [a, b, b_over_a]: Step[] = [{ run: 0 }, { run: 1 }, { run: 1, replaces: [[3, 2]] }]
const donate: Step = { run: 2, replaces: [[4, 0]] }

describe('on live bytes', () => {
  test('counts what lives, results and workspace', () => {
    // w, a, b and the workspace, the input being freed.
    expect(found([a!, { free: 1 }, b!, donate])).toEqual({ peak: 27, cost: 7 })
    expect(found([a!, b!, donate])).toEqual({ peak: 31, cost: 7 })
  })

  test('counts a place that is taken once', () => {
    expect(found([a!, { free: 1 }, b_over_a!, donate])).toEqual({ peak: 21, cost: 7 })
  })

  test('counts a copy, and the successor beside the old content', () => {
    expect(found([a!, { free: 1 }, b_over_a!, { run: 2 }, { commit: 0 }])).toEqual({ peak: 26, cost: 15 })
  })

  test('lets what is needed again be computed again', () => {
    expect(found([a!, b!, { free: 3 }, { free: 2 }, a!, b_over_a!, donate])).toEqual({ peak: 31, cost: 10 })
  })

  test.each<[string, Step[], RegExp]>([
    ['use after free', [a!, { free: 2 }, b!, donate], /reads value 2, which is not there/],
    ['use of what was replaced', [a!, b_over_a!, b!, donate], /reads value 2/],
    ['a missing run', [a!, donate], /reads value 3/],
    ['a run before what it reads', [b!, a!, donate], /step 0: reads value 2/],
    ['a second free', [a!, { free: 1 }, { free: 1 }, b!, donate], /frees value 1, which is not there/],
    ['a free of the pinned', [a!, b!, { free: 0 }, donate], /frees value 0, which lives in a pinned buffer/],
    ['a free of a successor in its buffer', [a!, b!, donate, { free: 4 }], /pinned buffer/],
    ['old content read after a donation', [a!, b!, donate, { free: 2 }, a!], /old content of 0/],
    [
      'old content read after a commit',
      [a!, b!, { run: 2 }, { commit: 0 }, { free: 2 }, a!],
      /old content of 0/,
    ],
    ['two overwrites', [a!, b!, donate, { commit: 0 }], /overwrites 0 twice/],
    ['a commit of nothing', [a!, b!, { commit: 0 }, donate], /successor 4 is not there/],
    ['a commit of what has no successor', [a!, { commit: 1 }, b!, donate], /has no successor/],
    ['no overwrite at all', [a!, b!, { run: 2 }], /never becomes its successor/],
    ['a missing output', [a!, b!, donate, { free: 3 }], /output 3 is not there/],
    ['an unlisted pair', [{ run: 0, replaces: [[2, 1]] }, b!, donate], /may not take the place/],
    [
      'a replacement of the pinned by another',
      [{ run: 0, replaces: [[2, 0]] }, b!, donate],
      /not the successor/,
    ],
    [
      'a replacement of what is gone',
      [a!, b!, { free: 3 }, { run: 1, replaces: [[3, 4]] }, donate],
      /may not take/,
    ],
    ['a second instance', [a!, b!, b_over_a!, donate], /there already/],
    ['an unknown task', [{ run: 9 }], /unknown task/],
    ['an unknown value', [{ free: 9 }], /not there/],
  ])('refuses %s', (_, steps, message) => {
    expect(found(steps)).toMatch(message)
  })

  test('lets a task run again beside its result, which stays', () => {
    expect(found([a!, a!, b!, donate])).toEqual({ peak: 31, cost: 8 })
  })
})

describe('on places', () => {
  const pinned: Plan['pinned'] = [
    [0, 0],
    [1, 10],
  ]
  const good: Step[] = [
    { run: 0, at: [[2, 14]] },
    { run: 1, workspaceAt: 20, replaces: [[3, 2]] },
    { run: 2, replaces: [[4, 0]] },
  ]

  test('accepts a plan that keeps the rules, with the end of the highest place as its arena', () => {
    const plan = claims(good, { pinned, peakBytes: 25, arenaBytes: 25, cost: 7 })
    expect(verify(dag, plan)).toEqual({ peakBytes: 25, arenaBytes: 25, cost: 7, recomputedTasks: 0 })
    expect(profile(dag, plan).liveBytes).toEqual([
      [0, 20],
      [1, 25],
      [2, 20],
    ])
    expect(() => verify(dag, plan, { budget: 24 })).toThrow(/exceeds the budget/)
    expect(() => verify(dag, plan, { fixed: [[0, 64]] })).toThrow(/not at its fixed place/)
  })

  test.each<[string, number, Step, RegExp]>([
    ['a result on the pinned', 0, { run: 0, at: [[2, 8]] }, /value 2 at 8 overlaps/],
    ['a result on an input', 0, { run: 0, at: [[2, 13]] }, /overlaps/],
    [
      'a workspace on what is read',
      1,
      { run: 1, workspaceAt: 16, replaces: [[3, 2]] },
      /its workspace at 16 overlaps/,
    ],
    ['no place for a result', 0, { run: 0 }, /result 2 has no place/],
    ['no place for a workspace', 1, { run: 1, replaces: [[3, 2]] }, /no place for its workspace/],
    ['a negative place', 0, { run: 0, at: [[2, -6]] }, /lies at -6/],
    ['a fraction', 0, { run: 0, at: [[2, 14.5]] }, /lies at 14.5/],
    [
      'a place for what the task does not write',
      0,
      {
        run: 0,
        at: [
          [2, 14],
          [3, 30],
        ],
      },
      /does not write/,
    ],
    [
      'two places for one result',
      0,
      {
        run: 0,
        at: [
          [2, 14],
          [2, 30],
        ],
      },
      /twice/,
    ],
    [
      'a place besides a replacement',
      1,
      { run: 1, at: [[3, 30]], workspaceAt: 20, replaces: [[3, 2]] },
      /has a place and replaces/,
    ],
  ])('refuses %s', (_, i, step, message) => {
    expect(found(good.with(i, step), { pinned })).toMatch(message)
  })

  test('refuses a resident without a place, and a place of what is not resident', () => {
    expect(found(good, { pinned: [[0, 0]] })).toMatch(/input 1 has no place/)
    expect(found(good, { pinned: [...pinned, [2, 40]] })).toMatch(/neither pinned nor an input/)
    expect(found(good, { pinned: [...pinned, [1, 40]] })).toMatch(/twice/)
  })

  test('holds a value that lives to its place', () => {
    const again = (offset: number): Step[] => good.toSpliced(1, 0, { run: 0, at: [[2, offset]] })
    expect(found(again(14), { pinned })).toMatchObject({ cost: 8 })
    expect(found(again(40), { pinned })).toMatch(/moves value 2 while it lives/)
  })

  test('holds to the alignment', () => {
    const aligned: Dag = { ...dag, align: 4 }
    const plan = claims(good, {
      pinned: [
        [0, 0],
        [1, 12],
      ],
      peakBytes: 25,
      arenaBytes: 30,
      cost: 7,
    })
    expect(() => verify(aligned, plan)).toThrow(/value 2 lies at 14, not a multiple of 4/)
    expect(judge(aligned, plan).ok).toBe(false)
  })
})
