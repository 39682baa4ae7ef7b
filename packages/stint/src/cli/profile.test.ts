import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call, failure, fixture, lastJson } from './testing/call.ts'
import { temporaryFolder } from './testing/temporary.ts'

test('measures the kernels of a recipe into a file by which training plans', async () => {
  const cwd = temporaryFolder()
  const profiled = await call(
    ['profile', fixture('tiny'), '--backend', 'wasm', '--repetitions', '2', '--out', 'target.json', '--json'],
    { cwd },
  )
  const result = lastJson(profiled)
  expect(result).toMatchObject({ recipe: 'tiny', backend: 'wasm', threads: 1 })
  for (const { ns, modelNs, count } of result.kernels as { [field: string]: number }[])
    for (const x of [ns, modelNs, count]) expect(Number.isSafeInteger(x) && x! > 0).toBe(true)
  const file = JSON.parse(readFileSync(join(cwd, 'target.json'), 'utf8'))
  expect(Object.keys(file.costs.measured).length).toBeGreaterThanOrEqual((result.kernels as unknown[]).length)

  const flags = ['train', fixture('tiny'), '--target', 'target.json', '--json']
  const trained = [lastJson(await call(flags, { cwd })), lastJson(await call(flags, { cwd }))]
  expect(trained[0]).toMatchObject({ backend: 'wasm', planHash: trained[1]!.planHash })
  const plain = lastJson(await call(['train', fixture('tiny'), '--backend', 'wasm', '--json'], { cwd }))
  expect(trained[0]!.stateHash).toBe(plain.stateHash)
})

test('shows what takes how long', async () => {
  const { out } = await call(['profile', fixture('tiny'), '--repetitions', '1'])
  expect(out).toMatch(/^\d+ × [\d.]+ µs +\S.* \([\d.]+ µs by the model\)\n/)
  expect(out).toMatch(/\n[\d.]+ µs +a step in all \([\d.]+ µs by the model\)\n$/)
})

test('a wrong target file is refused, and so is one of another backend', async () => {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'target.json'), '{"steps": []}')
  const flags = ['train', fixture('tiny'), '--target']
  expect(await failure([...flags, 'target.json'], { cwd })).toMatchObject({ code: 'BAD_TARGET', status: 1 })
  expect(await failure([...flags, 'none.json'], { cwd })).toMatchObject({ code: 'FILE_MISSING' })
  await call(
    ['profile', fixture('tiny'), '--backend', 'wasm', '--repetitions', '1', '--out', 'target.json'],
    { cwd },
  )
  expect(await failure([...flags, 'target.json', '--backend', 'cpu'], { cwd })).toMatchObject({
    code: 'BAD_TARGET',
    message: expect.stringMatching(/expected backend cpu, got wasm/),
  })
})
