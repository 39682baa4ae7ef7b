import { expect, test } from 'vitest'
import { call } from './testing/call.ts'

test('--help and help say what there is', async () => {
  const { status, out } = await call(['--help'])
  expect(status).toBe(0)
  for (const command of ['train', 'profile', 'plan', 'verify', 'inspect'])
    expect(out).toContain(`  ${command} <`)
  expect((await call(['help'])).out).toBe(out)
})

test('every command says what it takes', async () => {
  for (const command of ['train', 'plan', 'verify', 'inspect']) {
    const { status, out } = await call([command, '--help'])
    expect(status).toBe(0)
    expect(out).toMatch(new RegExp(`^stint ${command} <`))
    expect((await call(['help', command])).out).toBe(out)
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(110)
  }
})

test('--version is that of the package', async () => {
  expect((await call(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
})
