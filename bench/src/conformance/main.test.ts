import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { main } from './main.ts'

const dir = fileURLToPath(new URL('../../../reference', import.meta.url))

/** Runs the command line and keeps what it writes. */
async function run(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await main(args, { out: line => out.push(line), err: line => err.push(line) })
  return { code, out, err }
}

describe('conformance', () => {
  test('ends with one line of JSON, and tells of the rest beside it', async () => {
    const { code, out, err } = await run(
      '--dir',
      dir,
      '--backend',
      'reference',
      '--only',
      'schedule',
      '--json',
    )
    expect(code).toBe(0)
    expect(out).toHaveLength(1)
    expect(JSON.parse(out[0]!)).toEqual({ passed: 3, failed: 0, unsupported: 5, failures: [] })
    expect(err).toHaveLength(5)
    expect(err[0]).toBe("unsupported step_lr.0: no schedule 'step_lr'")
  })

  test('says the counts in words', async () => {
    const { code, out } = await run('--dir', dir, '--backend', 'reference', '--only', 'tanh.')
    expect([code, out]).toEqual([0, ['2 passed, 0 failed, 0 unsupported']])
  })

  test.each<[string, string[], string, RegExp]>([
    ['a backend that does not exist', ['--backend', 'gpu'], 'USAGE', /no backend 'gpu'.*reference, cpu/],
    ['a folder that does not exist', ['--dir', `${dir}/nowhere`], 'CONFORMANCE', /cannot be read/],
    [
      'a folder without an index',
      ['--dir', fileURLToPath(new URL('.', import.meta.url))],
      'CONFORMANCE',
      /index\.json/,
    ],
    ['an option that does not exist', ['--all'], 'USAGE', /--all/],
    ['a name that no case has', ['--dir', dir, '--backend', 'reference', '--only', 'q'], 'USAGE', /no case/],
  ])('refuses %s', async (_, args, code, message) => {
    const plain = await run(...args)
    expect(plain.code).toBe(2)
    expect(plain.out).toEqual([expect.stringMatching(message)])
    const json = await run(...args, '--json')
    expect(json.code).toBe(2)
    expect(JSON.parse(json.out[0]!)).toEqual({ error: { code, message: expect.stringMatching(message) } })
  })
})
