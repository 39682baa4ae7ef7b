import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as planner from '../index.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(found => found[1] as string)

test('the README shows code that does what it says', () => {
  const [code] = blocks('ts') as [string]
  const said = [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(found => found[1])
  const seen: string[] = []
  const log = (...all: unknown[]): number => seen.push(all.map(String).join(' '))
  const body = code.replace(/^import .*$/gm, '').replace('const dag: Dag', 'const dag')
  new Function('console', ...Object.keys(planner), body)({ log }, ...Object.values(planner))
  expect(seen).toEqual(said)
})

test('the README shows a file that parses', () => {
  const [json] = blocks('json') as [string]
  const { dag, shorthand } = planner.parseDag(JSON.parse(json))
  expect(shorthand).toBe(true)
  expect(planner.storeAllPeak(dag)).toBe(1800)
})
