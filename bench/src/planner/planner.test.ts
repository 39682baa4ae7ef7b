import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../main.ts'

const fixtures = fileURLToPath(new URL('../../../packages/planner/fixtures', import.meta.url))
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stint-bench-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function run(...args: string[]): Promise<{ code: number; out: string[]; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await main(['planner', ...args], { out: line => out.push(line), err: line => err.push(line) })
  return { code, out, err: err.join('\n') }
}

const chain = ['--dir', fixtures, '--only', '^chain-unit-16$', '--iterations', '30']

describe('a line for each graph and budget', () => {
  test('says what was planned, in JSON', async () => {
    const { code, out } = await run(...chain, '--budgets', '75,10', '--json')
    expect(code).toBe(0)
    const [line, none] = out.map(text => JSON.parse(text))
    expect(line).toMatchObject({
      graph: 'chain-unit-16',
      nodes: 33,
      budget: 13,
      feasible: true,
      minimumBudget: 4,
    })
    expect(line.fraction).toBeCloseTo(13 / 18, 5)
    expect(line.peak).toBeLessThanOrEqual(13)
    expect(line.layoutPeak).toBeGreaterThanOrEqual(line.peak)
    expect(line.overhead).toBeCloseTo(0.15625, 9)
    expect(line.gap).toBeCloseTo((32 * 1.15625) / line.lowerBound - 1, 9)
    expect(line.ms).toBeGreaterThanOrEqual(line.firstMs)
    expect(line.rssMB).toBeGreaterThan(10)
    expect(none).toMatchObject({ budget: 1, feasible: false, peak: null, overhead: null, minimumBudget: 4 })
  })

  test('or as a table', async () => {
    const { out, err } = await run(...chain, '--budgets', '50', '--layout')
    expect(out.join('\n')).toMatch(/^graph +nodes.*\nchain-unit-16 +33 +9 +50\.0 /)
    expect(err).toMatch(/chain-unit-16 at 50\.0 %: overhead 28\.1250/)
  })

  test('of budgets from a file, with the difference to the best known', async () => {
    const { out } = await run(...chain, '--budgets-from', join(fixtures, 'best-known.json'), '--json')
    const lines = out.map(text => JSON.parse(text))
    expect(lines.map(l => l.budget)).toEqual([16, 13, 10, 9, 7, 5, 4, 11])
    for (const line of lines) {
      expect(line.difference).toBeCloseTo(line.overhead - line.best, 9)
    }
  })

  test('of generated graphs', async () => {
    const { out } = await run(
      '--generated',
      '--only',
      'mlp-4',
      '--budgets',
      '90',
      '--time',
      '0.05',
      '--quick',
      '--json',
    )
    expect(JSON.parse(out[0]!)).toMatchObject({ graph: 'mlp-4', feasible: true, minimumBudget: null })
  })
})

test('a baseline keeps the best, and what is above it is marked', async () => {
  const file = join(folder, 'baseline.json')
  const save = ['--budgets', '75,50,10', '--save', file]
  expect((await run(...chain, ...save)).code).toBe(0)
  const saved = JSON.parse(readFileSync(file, 'utf8'))
  expect(saved.graphs).toEqual({ 'chain-unit-16': { 13: 0.15625, 9: 0.28125, 1: null } })
  const write = (overhead: number) => {
    saved.graphs['chain-unit-16'][9] = overhead
    writeFileSync(file, JSON.stringify(saved))
  }
  write(0.2)
  const worse = await run(...chain, '--budgets', '75,50,40', '--compare', file, '--json')
  expect(worse.code).toBe(1)
  expect(worse.err).toMatch(/worse than the baseline: chain-unit-16 at 50/)
  expect(worse.err).not.toMatch(/not measured/)
  expect(worse.out.map(text => JSON.parse(text).baseline)).toEqual(['same', 'worse', undefined])
  await run(...chain, ...save)
  expect(JSON.parse(readFileSync(file, 'utf8')).graphs['chain-unit-16'][9]).toBe(0.2)
  saved.graphs.other = { 9: 0 }
  write(0.3)
  const { code, err } = await run(...chain, '--budgets', '50', '--compare', file)
  expect(code).toBe(0)
  expect(err).toMatch(/in the baseline but not measured: other$/)
  await run(...chain, ...save)
  expect(JSON.parse(readFileSync(file, 'utf8')).graphs['chain-unit-16'][9]).toBe(0.28125)
})

test('graphs can be written to a folder', async () => {
  expect((await run('--generated', '--only', '^mlp-4$', '--write', folder)).code).toBe(0)
  const { out } = await run(
    '--dir',
    folder,
    '--only',
    'mlp',
    '--budgets',
    '90',
    '--iterations',
    '1',
    '--json',
  )
  expect(JSON.parse(out[0]!)).toMatchObject({ graph: 'mlp-4', nodes: 39 })
})

test.each([
  [[], /which graphs/],
  [['--dir', '/nowhere/at/all'], /no folder \/nowhere/],
  [['--generated', '--only', 'nothing like it'], /no graph has such a name/],
  [['--generated', '--only', '('], /regular expression/],
  [['--generated', '--budgets', '90,much'], /percentages.*'much'/],
  [['--generated', '--budgets-from', '/nowhere/x.json'], /cannot be read/],
  [['--generated', '--time', '0'], /--time/],
  [['--generated', '--time', '1', '--iterations', '1'], /exclude/],
  [['--generated', '--compare', '/nowhere/x.json'], /cannot be read/],
])('refuses %j', async (args, message) => {
  const { code, err } = await run(...args)
  expect(code).toBe(2)
  expect(err).toMatch(message)
})
