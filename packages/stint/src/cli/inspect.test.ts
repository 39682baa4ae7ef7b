import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseGraph } from '@stint/graph'
import { expect, test } from 'vitest'
import { call, failure, fixture, lastJson, recipePath } from './testing/call.ts'
import { temporaryFolder } from './testing/temporary.ts'

test.each([
  ['graph', /^graph train\n {2}input %0 x: f32\[4,2\]\n/],
  ['kernels', /^kernel 0 \(/],
  ['tasks', /^task 0: kernel \d+; reads /],
  ['dag', /^\{"name":"train","values":\[/],
  ['plan', /^plan: arena \d+, peak \d+, cost \d+ of \d+ \(\+0\.0 %\)\nrun /],
  ['program', /^program train on worker: arena \d+\n {2}state /],
])('prints the stage %s of a recipe', async (stage, form) => {
  const { status, out } = await call(['inspect', fixture('tiny'), '--stage', stage])
  expect(status).toBe(0)
  expect(out).toMatch(form)
  expect(out).toMatch(/[^\n]\n$/)
})

test('the graph of a recipe, printed, parses', async () => {
  const { out } = await call(['inspect', recipePath('digits-mlp'), '--stage', 'graph'])
  const graph = parseGraph(out)
  expect(graph.state.filter(s => s.role === 'parameter')).toHaveLength(14)
})

test('the budget decides the plan', async () => {
  const again = async (memory: string) => {
    const { out } = await call(['inspect', recipePath('digits-mlp'), '--stage', 'plan', '--memory', memory])
    expect(out).not.toMatch(/ $/m)
    return out.split('\n').filter(line => / again:/.test(line)).length
  }
  expect(await again('none')).toBe(0)
  expect(await again('75%')).toBeGreaterThan(0)
})

test('prints other programs and batch sizes, and JSON', async () => {
  const flags = ['--program', 'evaluate', '--batch', '5', '--json']
  const result = lastJson(await call(['inspect', fixture('tiny'), ...flags]))
  expect(result).toEqual({ program: 'evaluate', stage: 'graph', text: expect.stringContaining('f32[5,2]') })
})

test('compiles a graph from a file', async () => {
  const cwd = temporaryFolder()
  writeFileSync(
    join(cwd, 'g.txt'),
    'graph double\n  input %0 x: f32[3]\n  %1: f32[3] = add %0 %0\n  return y: %1\n',
  )
  const { status, out } = await call(['inspect', 'g.txt', '--stage', 'program'], { cwd })
  expect(status).toBe(0)
  expect(out).toMatch(/^program double on worker/)
})

test('explains a plan, in lines of the terminal, and as JSON', async () => {
  const args = ['inspect', recipePath('digits-mlp'), '--memory', '75%', '--explain']
  const { status, out } = await call(args)
  expect(status).toBe(0)
  expect(out).toMatch(/^Peak \d+.* KiB, arena /)
  for (const heading of ['What fills the peak: run', 'Computed again: ', 'Kept while unused: '])
    expect(out).toMatch(new RegExp(`^${heading}`, 'm'))
  expect(out).toMatch(/KiB {2}\S+ .*inspect\.test\.ts:\d+/)
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  const { explanation, text } = lastJson(await call([...args, '--json']))
  expect(text).toMatch(/^Peak /)
  expect(explanation).toMatchObject({ totals: { trivial: expect.any(Boolean) }, once: expect.any(Array) })
  expect(await failure([...args, '--stage', 'graph'])).toMatchObject({ status: 2, code: 'USAGE' })
})
