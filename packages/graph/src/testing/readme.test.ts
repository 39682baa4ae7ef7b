import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as graph from '../index.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(found => found[1] as string)

describe('the README', () => {
  test('shows code that does what it says', () => {
    for (const code of blocks('ts')) {
      const said = [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(found => found[1])
      const seen: string[] = []
      const log = (...all: unknown[]) => seen.push(all.map(String).join(' '))
      const body = code.replace(/^import .*$/gm, '')
      const names = Object.keys(graph)
      new Function('console', ...names, body)({ log }, ...Object.values(graph))
      expect(seen).toEqual(said)
    }
  })

  test('shows a graph that parses and prints back', () => {
    const [text] = blocks('text') as [string]
    expect(graph.printGraph(graph.parseGraph(text))).toBe(text)
  })

  test('names every op once', () => {
    const table = readme.slice(readme.indexOf('| family | ops |'), readme.indexOf('Types are'))
    const named = [...table.matchAll(/`(\w+)`/g)].map(found => found[1])
    expect(named.sort()).toEqual(Object.keys(graph.ops).sort())
  })
})
