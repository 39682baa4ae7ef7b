import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { call, failure, fixture, recipePath, root } from './testing/call.ts'
import { temporaryFolder } from './testing/temporary.ts'

const usage = { status: 2, code: 'USAGE' }

test.each([
  ['no command', [], {}],
  ['an unknown command', ['trian'], { message: expect.stringContaining("'trian'") }],
  [
    'an unknown flag',
    ['train', 'digits-mlp', '--memroy', '50%'],
    { message: expect.stringContaining('--memroy') },
  ],
  ['a flag without its value', ['train', 'digits-mlp', '--seed'], {}],
  ['no recipe', ['train'], { message: expect.stringContaining('<recipe>') }],
  ['two recipes', ['train', 'digits-mlp', 'fashion-cnn'], { got: expect.stringContaining('fashion-cnn') }],
  [
    'a batch of zero',
    ['train', fixture('tiny'), '--batch', '0'],
    { expected: 'a whole number of at least 1' },
  ],
  ['half a step', ['train', fixture('tiny'), '--steps', '0.5'], { got: "'0.5'" }],
  ['a negative seed', ['train', fixture('tiny'), '--seed=-1'], {}],
  [
    'threads where there is one',
    ['train', fixture('tiny'), '--backend', 'cpu', '--threads', '2'],
    { got: "'cpu'" },
  ],
  ['an unknown stage', ['inspect', fixture('tiny'), '--stage', 'plans'], { got: "'plans'" }],
  [
    'an unknown program',
    ['inspect', fixture('tiny'), '--program', 'test'],
    { expected: expect.stringContaining('train.last') },
  ],
  ['no budget', ['plan', 'dag.json'], {}],
] as const)('%s is refused with status 2', async (_, argv, fields) => {
  expect(await failure(argv)).toMatchObject({ ...usage, ...fields })
})

test.each([
  [
    'an unknown recipe',
    ['train', 'no-such-recipe'],
    'UNKNOWN_RECIPE',
    { expected: expect.stringContaining('digits-mlp') },
  ],
  ['a recipe file that is not there', ['train', './no-such.js'], 'UNKNOWN_RECIPE', {}],
  ['a module without a recipe', ['train', fixture('none')], 'BAD_RECIPE', { got: 'neither' }],
  [
    'an unknown backend',
    ['train', fixture('tiny'), '--backend', 'gpu'],
    'UNKNOWN_BACKEND',
    { expected: 'cpu, wasm, worker' },
  ],
  ['a budget that is none', ['train', fixture('tiny'), '--memory', 'some'], 'BAD_MEMORY', { got: "'some'" }],
  [
    'steps and epochs',
    ['train', fixture('tiny'), '--steps', '1', '--epochs', '1'],
    'OPTION',
    { got: 'both' },
  ],
  ['a label out of range', ['train', fixture('label')], 'LABEL_RANGE', { expected: '0 to 2', got: '3' }],
  [
    'a label that the model has no class for',
    ['train', fixture('few-outputs')],
    'FEED',
    { expected: 'whole numbers from 0 to 1' },
  ],
  [
    'a NaN in the data',
    ['train', fixture('nan')],
    'NOT_FINITE',
    { message: expect.stringContaining('Value 1 of row 3') },
  ],
  ['a DAG that is not there', ['plan', 'no-such.json', '--budget', '50%'], 'FILE_MISSING', {}],
  ['a DAG that is not JSON', ['plan', 'README.md', '--budget', '50%'], 'NOT_JSON', {}],
  ['a DAG that is none', ['plan', 'package.json', '--budget', '50%'], 'DAG', {}],
] as const)('%s is refused', async (_, argv, code, fields) => {
  expect(await failure(argv)).toMatchObject({ status: 1, code, ...fields })
})

test.each([
  ['truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), 'GZIP_TRUNCATED'],
  ['not gzip', () => Buffer.from('1,2,3\n'), 'NOT_GZIP'],
  ['damaged', (bytes: Buffer) => bytes.fill(7, 2000, 2100), 'GZIP_CORRUPT'],
] as const)('a data file that is %s is refused with its path', async (_, spoil, code) => {
  const folder = temporaryFolder()
  const file = join(folder, 'digits.csv.gz')
  writeFileSync(file, spoil(readFileSync(`${root}packages/data/files/digits/digits.csv.gz`)))
  vi.stubEnv('STINT_TEST_DIGITS', folder)
  expect(await failure(['train', fixture('files')])).toMatchObject({ status: 1, code, path: file })
  vi.unstubAllEnvs()
})

test('a missing data file is refused with its path', async () => {
  const folder = temporaryFolder()
  vi.stubEnv('STINT_TEST_DIGITS', folder)
  const path = join(folder, 'digits.csv.gz')
  expect(await failure(['train', fixture('files')])).toMatchObject({ code: 'FILE_MISSING', path })
  vi.unstubAllEnvs()
})

test('a graph file with a cycle is refused, and says how it goes round', async () => {
  const folder = temporaryFolder()
  const text =
    'graph round\n  input %0 x: f32[3]\n  %1: f32[3] = add %0 %2\n  %2: f32[3] = relu %1\n  return y: %2\n'
  writeFileSync(join(folder, 'round.txt'), text)
  const error = await failure(['inspect', 'round.txt'], { cwd: folder })
  expect(error).toMatchObject({
    status: 1,
    code: 'GRAPH',
    message: expect.stringMatching(/depends on itself.*line 3/),
  })
})

test('a graph file that is no graph is refused with the line', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'bad.txt'), 'graph bad\n  input %0 x: f32[3]\n  %1: f32[3] = ad %0 %0\n')
  const error = await failure(['inspect', 'bad.txt'], { cwd: folder })
  expect(error).toMatchObject({ status: 1, message: expect.stringContaining('line 3') })
})

test('a budget too small says what was asked for, what works and what fills it', async () => {
  const error = await failure(['train', recipePath('digits-mlp'), '--memory', '100KiB'])
  expect(error).toMatchObject({ status: 1, code: 'INFEASIBLE_BUDGET', requestedBytes: 102_400 })
  expect(error.smallestBudgetBytes).toBeGreaterThan(102_400)
  expect((error.top as unknown[]).length).toBeGreaterThan(0)
})

test('without --json a failure is a message on standard error alone', async () => {
  const { status, out, err } = await call(['train', fixture('nan')])
  expect([status, out]).toEqual([1, ''])
  expect(err).toMatch(/^stint: .*not finite.*\n$/)
})

test('a failed plan leaves no file, nor a part of one', async () => {
  const folder = temporaryFolder()
  writeFileSync(
    join(folder, 'dag.json'),
    JSON.stringify({ nodes: [{ id: 0, cost: 1, bytes: 8, inputs: [] }], outputs: [0] }),
  )
  expect(
    await failure(['plan', 'dag.json', '--budget', '4', '--out', 'plan.json'], { cwd: folder }),
  ).toMatchObject({
    code: 'INFEASIBLE_BUDGET',
    requestedBytes: 4,
    smallestBudgetBytes: 8,
  })
  const nowhere = ['plan', 'dag.json', '--budget', '100%', '--out', 'no/such/plan.json']
  expect(await failure(nowhere, { cwd: folder })).toMatchObject({ code: 'NOT_WRITTEN' })
  expect(readdirSync(folder)).toEqual(['dag.json'])
})
