import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProcessLane } from './process-lane.ts'

const spec = { workload: 'w1', backend: 'cpu', memory: 'none' }
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stint-bench-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function laneOf(body: string): Promise<ProcessLane> {
  const script = join(folder, 'lane.mjs')
  await writeFile(script, body)
  return new ProcessLane(spec, script)
}

test('asks a process for what it measures, one request after the other', async () => {
  const lane = await laneOf(`
    process.on('message', m => process.send({ result: { got: m, args: process.argv.slice(2), since: Number(process.env.T0) } }))
    process.on('disconnect', () => process.exit())
  `)
  const opened = (await lane.open()) as unknown as { got: unknown; args: string[]; since: number }
  expect(opened.got).toEqual({ kind: 'open', spec })
  expect(opened.args).toEqual(['serve-lane'])
  expect(Date.now() - opened.since).toBeLessThan(60_000)
  expect(await lane.steps(3)).toMatchObject({ got: { kind: 'steps', count: 3 } })
  expect(await lane.close()).toMatchObject({ got: { kind: 'close' } })
})

test('an error there is an error here, with its code', async () => {
  const lane = await laneOf(`
    process.on('message', m => process.send({ failure: { code: 'INFEASIBLE_BUDGET', message: 'too small' } }))
    process.on('disconnect', () => process.exit())
  `)
  await expect(lane.open()).rejects.toMatchObject({ code: 'INFEASIBLE_BUDGET' })
  await expect(lane.close()).rejects.toThrow(/too small/)
})

test('a process that dies ends the wait', async () => {
  const lane = await laneOf(`process.on('message', () => process.exit(3))`)
  await expect(lane.open()).rejects.toThrow(/ended early.*exit code 3/)
  await expect(lane.steps(1)).rejects.toMatchObject({ code: 'LANE_DIED' })
})
