import { type Kernel, kernelOf, type Program, type ProgramStep } from '@stint/engine'
import { f32 } from '@stint/graph'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { KernelError, worker } from './index.ts'

interface NodeWorker {
  terminate(): Promise<number>
}

const threads = process.getBuiltinModule('node:worker_threads') as { Worker: unknown }
const Original = threads.Worker as new (...args: unknown[]) => NodeWorker

/** Every thread that is started from now on. */
function watchThreads(): NodeWorker[] {
  const started: NodeWorker[] = []
  threads.Worker = class extends Original {
    constructor(...args: unknown[]) {
      super(...args)
      started.push(this)
    }
  }
  return started
}

afterEach(() => {
  threads.Worker = Original
  vi.unstubAllGlobals()
})

const n = 1 << 16
const bytes = 4 * n
const type = f32(n)
const add: Kernel = kernelOf([type, type], [{ op: 'add', attrs: {}, inputs: [0, 1], types: [type] }], [2])

/** out = out + x, so many times; then out = out + y once. */
function counting(times: number): ProgramStep[] {
  const more: ProgramStep = { kernel: 0, variant: 0, args: [0, 2 * bytes, 2 * bytes] }
  return [
    { repeat: times, steps: [more] },
    { kernel: 0, variant: 0, args: [bytes, 2 * bytes, 2 * bytes] },
  ]
}

async function open(backend: ReturnType<typeof worker>, steps: ProgramStep[]) {
  const target = await backend.target()
  const none = { state: [], constants: [], inputs: [], outputs: [] }
  const costs = { ...target.costs, step: 1e6 }
  const arenaBytes = 3 * bytes
  const program: Program = {
    name: 'test',
    target: { ...target, costs },
    arenaBytes,
    kernels: [add],
    ...none,
    steps,
  }
  const arena = await backend.open(arenaBytes, target)
  const fill = (at: number, x: number) => arena.write(at, new Uint8Array(new Float32Array(n).fill(x).buffer))
  await fill(0, 1)
  await fill(bytes, 0.5)
  await fill(2 * bytes, 0)
  const sum = async () => new Set(new Float32Array((await arena.read(2 * bytes, bytes)).buffer))
  return { arena, runner: await arena.load(program), sum, fill }
}

const later = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

test('thousands of phases in one run lose no part', async () => {
  for (const count of [2, 3, 5]) {
    const { arena, runner, sum } = await open(worker({ threads: count }), counting(500))
    await runner.run()
    expect(await sum()).toEqual(new Set([500.5]))
    await runner.run()
    expect(await sum()).toEqual(new Set([1001]))
    await arena.close()
  }
})

describe('a thread that dies', () => {
  test.each([0, 1, 2])('ends the run that it takes part in: thread %i of 3', async victim => {
    const started = watchThreads()
    const { arena, runner, sum, fill } = await open(worker({ threads: 3 }), counting(1 << 30))
    expect(started).toHaveLength(3)
    const run = runner.run().catch((e: unknown) => e)
    await later(30)
    await started[victim]!.terminate()
    const error = await run
    expect(error).toBeInstanceOf(KernelError)
    expect(error).toMatchObject({ code: 'KERNEL', step: 0, op: 'loop' })
    expect(String((error as KernelError).cause)).toContain('a thread is gone')
    // The others have stopped, and another thread takes its place.
    const [first] = await sum()
    await later(10)
    expect((await sum()).has(first!)).toBe(true)
    await fill(2 * bytes, 0)
    await runner.step([1], [])
    expect(await sum()).toEqual(new Set([0.5]))
    expect(started).toHaveLength(4)
    await arena.close()
  })

  test('between two runs is replaced', async () => {
    const started = watchThreads()
    const { arena, runner, sum } = await open(worker({ threads: 2 }), counting(3))
    await runner.run()
    await Promise.all(started.map(t => t.terminate()))
    await runner.run()
    expect(await sum()).toEqual(new Set([7]))
    expect(started).toHaveLength(4)
    await arena.close()
  })

  test('at the start is reported', async () => {
    const backend = worker({ threads: 2, script: 'data:text/javascript,throw new Error("no such script")' })
    await expect(open(backend, [])).rejects.toMatchObject({ code: 'THREAD', got: 'no such script' })
  })
})

test('a failing kernel ends the run on all threads', async () => {
  const wild: ProgramStep = { kernel: 0, variant: 0, args: [0, 2 ** 30, 2 * bytes] }
  const { arena, runner, sum } = await open(worker({ threads: 3 }), [...counting(2), wild])
  for (let i = 0; i < 5; i++)
    await expect(runner.run()).rejects.toMatchObject({ code: 'KERNEL', step: 2, op: 'add' })
  expect((await sum()).size).toBe(1)
  await arena.close()
})

test('threads keep the process alive only while something runs', async () => {
  const started = watchThreads()
  const held = new Set<NodeWorker>()
  let most = 0
  const { arena, runner } = await open(worker({ threads: 2 }), counting(10))
  for (const t of started as (NodeWorker & { ref(): void; unref(): void })[]) {
    vi.spyOn(t, 'ref').mockImplementation(() => {
      most = Math.max(most, held.add(t).size)
    })
    vi.spyOn(t, 'unref').mockImplementation(() => void held.delete(t))
  }
  await runner.run()
  expect(most).toBe(2)
  expect(held.size).toBe(0)
  await arena.close()
})

test('the thread of the caller stays free', async () => {
  const { arena, runner } = await open(worker({ threads: 2 }), counting(5000))
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await runner.run()
  clearInterval(timer)
  expect(turns).toBeGreaterThan(5)
  await arena.close()
})

test('the number of threads', async () => {
  expect(() => worker({ threads: 0 })).toThrow(/1 to 64/)
  expect(() => worker({ threads: 1.5 })).toThrow(/1 to 64/)
  const { threads: count } = await worker().target()
  expect(count).toBeGreaterThanOrEqual(1)
  expect(count).toBeLessThanOrEqual(8)
})

describe('where memory cannot be shared', () => {
  test('one thread does the work, and says so', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined)
    const backend = worker({ threads: 3 })
    vi.unstubAllGlobals()
    expect(backend.name).toContain('not shared')
    expect(await backend.target()).toMatchObject({ threads: 1, features: { shared: false } })
    const { arena, runner, sum } = await open(backend, counting(10))
    await runner.run()
    await runner.step([1], [])
    expect(await sum()).toEqual(new Set([11]))
    expect(arena.heldBytes).toBe(3 * bytes + 65536)
    await arena.close()
  })

  test('its death takes the arena along', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined)
    const backend = worker()
    vi.unstubAllGlobals()
    const started = watchThreads()
    const { arena, runner } = await open(backend, counting(1 << 30))
    const run = runner.run().catch((e: unknown) => e)
    await later(30)
    await started[0]!.terminate()
    expect(await run).toMatchObject({ code: 'THREAD' })
    await expect(arena.read(0, 4)).rejects.toMatchObject({ code: 'THREAD' })
    const fresh = await open(backend, counting(1))
    await fresh.runner.run()
    expect(await fresh.sum()).toEqual(new Set([1.5]))
    await arena.close()
    await fresh.arena.close()
  })
})
