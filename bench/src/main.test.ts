import { describe, expect, test } from 'vitest'
import { main } from './main.ts'

async function run(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await main(args, { out: line => out.push(line), err: line => err.push(line) })
  return { code, out, err }
}

describe('help', () => {
  test.each([
    [['--help'], /train.*kernels/s],
    [['help'], /train.*kernels/s],
    [['train', '--help'], /--workload.*w5 {2}GPT/s],
    [['help', 'train'], /--workload/],
    [['kernels', '-h'], /w7-grad/],
    [['planner', '--help'], /--budgets-from/],
  ])('%j', async (args, text) => {
    const { code, out } = await run(...args)
    expect(code).toBe(0)
    expect(out.join('\n')).toMatch(text)
  })
})

describe('what makes no sense is refused, with what would', () => {
  test.each([
    [[], /nothing to do; expected train, kernels, planner/],
    [['walk'], /no command 'walk'/],
    [['train'], /which workload/],
    [['train', '--workload', 'w9'], /--workload.*w1, w2.*'w9'/],
    [['train', '--workload', 'w1', '--fast'], /--fast/],
    [['train', '--workload', 'w1', 'w2'], /w2/],
    [['train', '--workload', 'w1', '--backend', 'gpu'], /cpu, wasm, worker.*'gpu'/],
    [['train', '--workload', 'w1', '--backend', 'cpu,'], /--backend/],
    [['train', '--workload', 'w1', '--backend', 'cpu', '--threads', '2'], /--threads needs a backend/],
    [['train', '--workload', 'w1', '--steps', '0'], /--steps.*at least 1.*'0'/],
    [['train', '--workload', 'w1', '--memory', 'none,lots'], /--memory.*'lots'/],
    [['kernels', '--only', 'w8'], /no kernel has such a name/],
    [['kernels', '--time', 'long'], /--time.*'long'/],
  ])('%j', async (args, message) => {
    const { code, out, err } = await run(...args)
    expect(code).toBe(2)
    expect(out).toEqual([])
    expect(err.join('\n')).toMatch(message)
  })

  test('as JSON where asked for', async () => {
    const { code, out } = await run('train', '--workload', 'w9', '--json')
    expect(code).toBe(2)
    expect(JSON.parse(out[0]!)).toMatchObject({ error: { code: 'USAGE' } })
  })
})

describe('train', () => {
  test('gives a line in the schema of the peers for each budget, or says why not', async () => {
    const args = [
      '--workload',
      'w1',
      '--backend',
      'cpu',
      '--memory',
      'none,1KiB',
      '--steps',
      '2',
      '--warmup',
      '1',
    ]
    const { code, out } = await run('train', ...args, '--json')
    expect(code).toBe(1)
    const [line, failed] = out.map(text => JSON.parse(text))
    expect(line).toMatchObject({
      peer: 'stint',
      backend: 'cpu',
      workload: 'w1',
      threads: 1,
      memory: 'none',
      steps: 2,
      plannedOverhead: 0,
    })
    for (const name of [
      'medianMs',
      'minMs',
      'p90Ms',
      'peakRssMB',
      'arenaBytes',
      'heldBytes',
      'unconstrainedPeakBytes',
      'planMs',
      'compileMs',
      'startToFirstStepMs',
      'warmupMs',
    ])
      expect(line[name], name).toBeGreaterThan(0)
    expect(line.times).toHaveLength(2)
    expect(line.planMs).toBeLessThan(line.compileMs)
    expect(Math.abs(line.lossFirst / 2.5631818771362305 - 1)).toBeLessThan(1e-4)
    expect(line.lossLast).toBeLessThan(line.lossFirst)
    expect(failed).toMatchObject({ backend: 'cpu', memory: '1KiB', error: { code: 'INFEASIBLE_BUDGET' } })
  })
})

describe('kernels', () => {
  test('gives a line each, or a table', async () => {
    const args = ['kernels', '--backend', 'cpu', '--time', '3', '--only', 'w6-64,elementwise-sum']
    const { code, out } = await run(...args, '--json')
    expect(code).toBe(0)
    const [product, sum] = out.map(text => JSON.parse(text))
    expect(product).toMatchObject({ peer: 'stint', backend: 'cpu', workload: 'w6-64', m: 64, n: 64, k: 64 })
    expect(product.gflops).toBeCloseTo((2 * 64 ** 3) / product.medianMs / 1e6, 1)
    expect(sum.gbps).toBeGreaterThan(0)
    const printed = await run(...args)
    expect(printed.out.join('\n')).toMatch(/^kernel .*\nw6-64 +cpu +1 /)
  })
})
