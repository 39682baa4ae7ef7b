import { getActiveResourcesInfo } from 'node:process'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { parseDag } from '../dag/parse.ts'
import { DagError, InfeasibleBudgetError, PlannerError } from '../errors.ts'
import { plan } from '../plan/plan.ts'
import { fixture } from '../testing/fixtures.ts'
import { verify } from '../verify/verify.ts'
import { type PlanProgress, planAsync } from './plan-async.ts'

const { dag } = parseDag(fixture('chain-hetero-32'))
const long = parseDag(fixture('random-layered-300')).dag
const budget = 700
/** Long enough for a test to fail if it waits. */
const forever = { budget: 1_100_000, timeLimit: 600 }

const threads = (): number => getActiveResourcesInfo().filter(name => name === 'MessagePort').length
afterEach(() => {
  vi.unstubAllGlobals()
})

describe('planning on a thread', () => {
  test('gives the plan that planning here gives, and tells of better ones on the way', async () => {
    const seen: PlanProgress[] = []
    const found = await planAsync(dag, { budget, iterations: 20, onProgress: p => seen.push(p) })
    verify(dag, found, { budget })
    expect(found).toEqual(plan(dag, { budget, iterations: 20 }))
    expect(seen.length).toBeGreaterThan(0)
    const costs = seen.map(p => p.cost)
    expect(costs).toEqual([...costs].sort((a, b) => b - a))
    expect(seen.at(-1)).toMatchObject({ cost: found.cost, peakBytes: found.peakBytes })
    for (const { elapsedMs, overhead, cost, baseCost } of seen) {
      expect(elapsedMs).toBeGreaterThan(0)
      expect(overhead).toBeCloseTo(cost / baseCost - 1, 12)
    }
  })

  test('leaves this thread free', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 5)
    await planAsync(long, { ...forever, timeLimit: 0.5 })
    clearInterval(timer)
    expect(turns).toBeGreaterThan(20)
  })

  test('ends at once when it is told to, with the reason', async () => {
    const controller = new AbortController()
    const start = performance.now()
    const promise = planAsync(long, { ...forever, signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), 100)
    await expect(promise).rejects.toThrow('enough')
    expect(performance.now() - start).toBeLessThan(20_000)
    await expect(planAsync(dag, { budget, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
  })

  test('refuses what planning here refuses, with the same error', async () => {
    const here = (() => {
      try {
        return plan(dag, { budget: 10 })
      } catch (error) {
        return error as InfeasibleBudgetError
      }
    })()
    const there = await planAsync(dag, { budget: 10 }).catch(error => error)
    expect(there).toBeInstanceOf(InfeasibleBudgetError)
    expect({ ...there, message: there.message }).toEqual({ ...here, message: (here as Error).message })
    const bad = { ...dag, outputs: [9999] }
    await expect(planAsync(bad, { budget })).rejects.toBeInstanceOf(DagError)
  })

  test('rejects with what the listener throws, and if the script is not there', async () => {
    const onProgress = (): void => {
      throw new RangeError('no more')
    }
    await expect(planAsync(long, { ...forever, onProgress })).rejects.toThrow('no more')
    const lost = planAsync(dag, { budget, script: 'file:///nowhere/thread.js' })
    await expect(lost).rejects.toMatchObject({ code: 'THREAD' })
    await expect(lost).rejects.toBeInstanceOf(PlannerError)
  })

  test('leaves nothing behind', async () => {
    const before = threads()
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    for (let i = 0; i < 3; i++) await planAsync(dag, { budget, iterations: 1, signal })
    expect(threads()).toBeLessThanOrEqual(before)
    expect(add).toHaveBeenCalledTimes(3)
    expect(remove).toHaveBeenCalledTimes(3)
  })
})

test('where there are no threads, it plans here', async () => {
  vi.stubGlobal('process', { ...process, getBuiltinModule: undefined })
  vi.stubGlobal('Worker', undefined)
  const seen: number[] = []
  const found = await planAsync(dag, { budget, iterations: 5, onProgress: p => seen.push(p.cost) })
  expect(found).toEqual(plan(dag, { budget, iterations: 5 }))
  expect(seen.at(-1)).toBe(found.cost)
  const controller = new AbortController()
  const options = { budget, signal: controller.signal, onProgress: () => controller.abort() }
  await expect(planAsync(dag, options)).rejects.toThrow(/abort/i)
})
