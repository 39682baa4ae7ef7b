import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { call, fixture, lastJson } from './testing/call.ts'

const fields = [
  'recipe',
  'backend',
  'threads',
  'memory',
  'predictedPeakBytes',
  'arenaBytes',
  'heldBytes',
  'touchedPeakBytes',
  'unconstrainedPeakBytes',
  'recomputeOverhead',
  'recomputedTasks',
  'steps',
  'msPerStep',
  'lossFirst',
  'lossLast',
  'testAccuracy',
  'stateHash',
  'planHash',
]

test('--json ends with one line that has every field, and nothing else is on standard output', async () => {
  const called = await call(['train', fixture('tiny'), '--json'])
  expect(called.status).toBe(0)
  expect(called.out.split('\n')).toHaveLength(2)
  const result = lastJson(called)
  expect(Object.keys(result)).toEqual(fields)
  expect(result).toMatchObject({
    recipe: 'tiny',
    backend: 'worker',
    threads: Math.min(8, availableParallelism()),
    memory: 'none',
    touchedPeakBytes: null,
    recomputeOverhead: 0,
    recomputedTasks: 0,
    steps: 3,
    stateHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    planHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(result.predictedPeakBytes).toBe(result.arenaBytes)
  expect(result.unconstrainedPeakBytes).toBe(result.arenaBytes)
  for (const name of ['msPerStep', 'lossFirst', 'lossLast', 'testAccuracy'])
    expect(result[name]).toBeTypeOf('number')
})

test('flags go before what the recipe says', async () => {
  const flags = [
    '--steps',
    '2',
    '--batch',
    '3',
    '--memory',
    '100%',
    '--seed',
    '7',
    '--audit',
    '--backend',
    'cpu',
  ]
  const result = lastJson(await call(['train', fixture('tiny'), ...flags, '--json']))
  expect(result).toMatchObject({ backend: 'cpu', threads: 1, steps: 2, memory: '100%' })
  expect(result.touchedPeakBytes).toBeGreaterThan(0)
  expect(result.touchedPeakBytes).toBeLessThanOrEqual(result.arenaBytes as number)
})

test('the seed decides the result, and the audit does not', async () => {
  const hash = async (...flags: string[]) =>
    lastJson(await call(['train', fixture('tiny'), ...flags, '--json'])).stateHash
  const first = await hash('--seed', '1')
  expect(await hash('--seed', '1')).toBe(first)
  expect(await hash('--seed', '1', '--audit')).toBe(first)
  expect(await hash('--seed', '2')).not.toBe(first)
})

test('without --json the result is a table for people', async () => {
  const { out } = await call(['train', fixture('tiny')])
  expect(out).toMatch(/^recipe +tiny on worker, \d threads?\nsteps +3, /)
  expect(out).toMatch(/\narena +.* \(\d+ bytes\), asked for none\n/)
})

test('where nobody watches, progress is plain lines on standard error', async () => {
  const { err } = await call(['train', fixture('tiny'), '--memory', '100%', '--json'])
  const lines = err.trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[2]).toMatch(
    /^step 3\/3 {2}epoch 1 {2}loss \d\.\d{4} {2}acc \d+\.\d % {2}\d+ samples\/s {2}ETA 0:00 {2}arena .* of .*B$/,
  )
  expect(err).not.toContain('\u001b')
})

test('in a terminal, progress is one line that changes and fits', async () => {
  const { err } = await call(['train', fixture('tiny'), '--memory', '100%'], { live: true })
  expect(err.endsWith('\n')).toBe(true)
  const pictures = err.trimEnd().split('\r\u001b[2K')
  expect(pictures.length).toBeGreaterThan(1)
  for (const picture of pictures) expect(picture.length).toBeLessThan(80)
  expect(pictures.at(-1)).toMatch(
    /^step 3\/3 loss \d.\d{3} acc [\d.]+% \d+ samples\/s ETA 0:00 arena [\d.]+\/[\d.]+ KiB$/,
  )
})
