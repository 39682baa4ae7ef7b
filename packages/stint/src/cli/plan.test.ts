import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { call, failure, lastJson } from './testing/call.ts'
import { temporaryFolder } from './testing/temporary.ts'

interface ShorthandNode {
  readonly id: number
  readonly cost: number
  readonly bytes: number
  readonly inputs: readonly number[]
}

/** A chain and its backward pass: node i of the way back reads the one before and node n − 1 − i of the way there. */
function chain(n: number): { readonly nodes: readonly ShorthandNode[]; readonly outputs: readonly number[] } {
  const nodes = Array.from({ length: 2 * n }, (_, id) => ({
    id,
    cost: 10,
    bytes: 100,
    inputs: id === 0 ? [] : id < n ? [id - 1] : [id - 1, 2 * n - 1 - id],
  }))
  return { nodes, outputs: [2 * n - 1] }
}

/** The same in full. */
function fullForm({ nodes, outputs }: ReturnType<typeof chain>): unknown {
  return {
    values: nodes.map(({ bytes }) => ({ bytes })),
    tasks: nodes.map(({ id, cost, inputs }) => ({ cost, reads: [...new Set(inputs)], writes: [id] })),
    outputs,
    align: 64,
  }
}

function folderWith(dag: unknown): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'dag.json'), JSON.stringify(dag))
  return folder
}

const read = (folder: string) => JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'))
const asked = (budget: string) => ['plan', 'dag.json', '--budget', budget, '--out', 'plan.json']

describe('stint plan', () => {
  test('prints what a plan costs, and writes the steps of a shorthand file', async () => {
    const cwd = folderWith(chain(16))
    const result = lastJson(await call([...asked('50%'), '--json'], { cwd }))
    expect(result).toMatchObject({ storeAllPeakBytes: 1700, budgetBytes: 850, baseCost: 320 })
    expect(result.peakBytes).toBeLessThanOrEqual(850)
    expect(result.cost).toBe(320 * (1 + (result.overhead as number)))
    expect(result.lowerBound).toBeLessThanOrEqual(result.cost as number)
    const { steps } = read(cwd)
    expect(steps.filter((s: object) => 'compute' in s).length).toBe((result.cost as number) / 10)
    for (const step of steps) expect(['compute', 'free']).toContain(Object.keys(step)[0])
  })

  test('writes a plan with offsets for a file in full', async () => {
    const cwd = folderWith(fullForm(chain(16)))
    const result = lastJson(await call([...asked('1100'), '--json'], { cwd }))
    expect(result.arenaBytes).toBeLessThanOrEqual(1100)
    const plan = read(cwd)
    expect(plan.arenaBytes).toBe(result.arenaBytes)
    expect(plan.steps[0].at).toEqual([[0, expect.any(Number)]])
  })

  test('takes a time limit, and shows a table', async () => {
    const { status, out } = await call([...asked('60%'), '--time', '0.05'], { cwd: folderWith(chain(8)) })
    expect(status).toBe(0)
    for (const name of ['peak', 'cost', 'overhead', 'lower bound', 'time'])
      expect(out).toMatch(new RegExp(`^${name} `, 'm'))
  })

  test('draws the plan, and explains it', async () => {
    const cwd = folderWith(chain(8))
    const picture = ['--draw', 'plan.svg']
    const { out } = await call([...asked('60%'), ...picture, '--explain'], { cwd })
    expect(out).toMatch(/^overhead .*\n[\s\S]*^What fills the peak: run /m)
    const drawn = () => readFileSync(join(cwd, 'plan.svg'), 'utf8')
    expect(drawn()).toMatch(/^<svg [\s\S]*bytes that live[\s\S]*budget: 540 B[\s\S]*<\/svg>\n$/)
    const result = lastJson(
      await call([...asked('60%'), ...picture, '--explain', '--layout', '--json'], { cwd }),
    )
    expect(drawn()).toContain('offset in the arena')
    expect(result).toMatchObject({ explanation: { totals: { cost: result.cost } } })
  })

  test('draws what less memory costs, without a budget or with one', async () => {
    const cwd = folderWith(chain(8))
    const args = ['plan', 'dag.json', '--curve', 'curve.svg', '--points', '4']
    const { status, out } = await call(args, { cwd })
    expect(status).toBe(0)
    expect(out).toMatch(
      /^ *\d+ bytes +\d+\.\d % +\d+\.\d % more\n[\s\S]*The smallest budget that works is \d+ bytes/,
    )
    expect(readFileSync(join(cwd, 'curve.svg'), 'utf8')).toMatch(
      /^<svg [\s\S]*dag: what less memory costs[\s\S]*budget, B/,
    )
    const both = lastJson(await call([...args, '--budget', '60%', '--json'], { cwd }))
    expect(both).toMatchObject({ budgetBytes: 540, curve: { storeAll: 900, points: expect.any(Array) } })
    expect(await failure([...args, '--draw', 'x.svg'], { cwd })).toMatchObject({ status: 2, code: 'USAGE' })
    expect(await failure([...args, '--points', '1'], { cwd })).toMatchObject({ status: 2, code: 'USAGE' })
  })

  test.each([
    ['the shorthand', chain(6), '50%'],
    ['full', fullForm(chain(6)), '640'],
  ])('with --exact, says of a plan in %s that nothing is cheaper', async (_, dag, budget) => {
    const cwd = folderWith(dag)
    const { exact } = lastJson(await call([...asked(budget), '--exact', '--json'], { cwd }))
    expect(exact).toMatchObject({
      optimal: true,
      gap: 0,
      class: expect.stringContaining('in one given order'),
    })
    const { out } = await call([...asked(budget), '--exact'], { cwd })
    expect(out).toMatch(/^exact +proved to be the cheapest of plans with first runs in one given order/m)
  })

  test('refuses a budget that is too small with the smallest that works', async () => {
    const error = await failure(asked('150'), { cwd: folderWith(chain(4)) })
    expect(error).toMatchObject({ code: 'INFEASIBLE_BUDGET', requestedBytes: 150 })
    const { smallestBudgetBytes } = error
    expect((await call(asked(String(smallestBudgetBytes)), { cwd: folderWith(chain(4)) })).status).toBe(0)
  })

  test('refuses a cycle', async () => {
    const { nodes, outputs } = chain(2)
    const round = nodes.map(n => (n.id === 1 ? { ...n, inputs: [3] } : n))
    expect(await failure(asked('50%'), { cwd: folderWith({ nodes: round, outputs }) })).toMatchObject({
      code: 'DAG',
    })
  })
})

describe('stint verify', () => {
  const verify = ['verify', 'dag.json', 'plan.json']

  test.each([
    ['the shorthand', chain(12), '60%'],
    ['full', fullForm(chain(12)), '1000'],
  ])('agrees with a plan in %s', async (_, dag, budget) => {
    const cwd = folderWith(dag)
    const planned = lastJson(await call([...asked(budget), '--json'], { cwd }))
    const verified = lastJson(await call([...verify, '--budget', budget, '--json'], { cwd }))
    const { peakBytes, cost, overhead, recomputedTasks } = planned
    expect(verified).toMatchObject({ valid: true, peakBytes, cost, overhead, recomputedTasks })
  })

  test.each([
    ['an understated peak', (plan: Plan) => ({ ...plan, peakBytes: plan.peakBytes - 100 })],
    ['an understated cost', (plan: Plan) => ({ ...plan, cost: plan.cost - 10 })],
    ['an understated arena', (plan: Plan) => ({ ...plan, arenaBytes: 64 })],
    ['a missing run', (plan: Plan) => ({ ...plan, steps: plan.steps.slice(1) })],
    [
      'a use after free',
      (plan: Plan) => ({ ...plan, steps: [plan.steps[0], { free: 0 }, ...plan.steps.slice(1)] }),
    ],
    ['no steps', (plan: Plan) => ({ ...plan, steps: undefined })],
  ])('refuses a plan in full with %s', async (_, spoil) => {
    const cwd = folderWith(fullForm(chain(6)))
    await call(asked('1000'), { cwd })
    writeFileSync(join(cwd, 'plan.json'), JSON.stringify(spoil(read(cwd))))
    expect(await failure(verify, { cwd })).toMatchObject({ status: 1, code: 'PLAN' })
  })

  test.each([
    ['a run that is missing', [{ compute: 1 }]],
    ['an unknown node', [{ compute: 99 }]],
    ['a free of what does not live', [{ compute: 0 }, { free: 0 }, { free: 0 }]],
    ['an output that is not there', [{ compute: 0 }]],
    ['something that is no step', [{ compute: 0 }, 7]],
  ])('refuses a plan in the shorthand with %s', async (_, steps) => {
    const cwd = folderWith(chain(2))
    writeFileSync(join(cwd, 'plan.json'), JSON.stringify({ steps }))
    expect(await failure(verify, { cwd })).toMatchObject({ status: 1, code: 'PLAN' })
  })

  test('refuses a plan that says too little of its peak, or needs more than the budget', async () => {
    const cwd = folderWith(chain(2))
    const steps = [{ compute: 0 }, { compute: 1 }, { compute: 2 }, { compute: 3 }]
    writeFileSync(join(cwd, 'plan.json'), JSON.stringify({ steps, peakBytes: 300 }))
    expect(await failure(verify, { cwd })).toMatchObject({ code: 'PLAN', expected: '400', got: '300' })
    writeFileSync(join(cwd, 'plan.json'), JSON.stringify(steps))
    expect((await call(verify, { cwd })).status).toBe(0)
    expect(await failure([...verify, '--budget', '399'], { cwd })).toMatchObject({ code: 'PLAN' })
  })
})

interface Plan {
  readonly steps: readonly object[]
  readonly peakBytes: number
  readonly arenaBytes: number
  readonly cost: number
}
