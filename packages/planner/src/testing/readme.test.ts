import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as planner from '../index.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(found => found[1] as string)

/** Runs code, imports aside, with the planner and what else it needs; gives what it prints, a call a line. */
async function run(code: string, more: { readonly [name: string]: unknown } = {}): Promise<string[]> {
  const printed: string[] = []
  const log = (...all: unknown[]): number => printed.push(all.map(String).join(' '))
  const AsyncFunction = (async () => undefined).constructor as FunctionConstructor
  const body = code.replace(/^import .*$/gm, '').replace('const dag: Dag', 'const dag')
  const names = { ...planner, ...more }
  await new AsyncFunction('console', ...Object.keys(names), `{${body}}`)({ log }, ...Object.values(names))
  return printed
}

test('the README shows code that does what it says', async () => {
  const [code] = blocks('ts') as [string]
  const said = [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(found => found[1])
  expect(await run(code)).toEqual(said)
})

test('the README shows a file that parses', () => {
  const [json] = blocks('json') as [string]
  const { dag, shorthand } = planner.parseDag(JSON.parse(json))
  expect(shorthand).toBe(true)
  expect(planner.storeAllPeak(dag)).toBe(1800)
})

const python = spawnSync('python3', ['--version']).status === 0

describe.skipIf(!python)('from a trace in Python', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stint-readme-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('the README makes a DAG, a plan that holds, and pictures', async () => {
    const [script] = blocks('python') as [string]
    const made = spawnSync('python3', ['-'], { input: script, cwd: folder, encoding: 'utf8' })
    expect(made.stderr).toBe('')
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
    const [code] = blocks('js') as [string]
    const printed = await run(code, { readFileSync: read, writeFileSync: write })
    expect(printed.join('\n')).toMatch(/ more, after [\d.]+ ms\n[\s\S]*Computed again: /)
    const { dag } = planner.parseDag(JSON.parse(read('dag.json')))
    expect(dag.tasks).toHaveLength(41)
    const plan = planner.parsePlan(JSON.parse(read('plan.json')))
    const budget = Math.floor(0.6 * planner.storeAllPeak(dag))
    expect(planner.verify(dag, plan, { budget }).recomputedTasks).toBeGreaterThan(0)
    for (const name of ['plan.svg', 'curve.svg']) expect(read(name)).toMatch(/^<svg [\s\S]*mlp/)
  })
})
