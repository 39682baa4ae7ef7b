import { evaluate, f32, type Graph, i32, setState, state, trace, type Value } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { chainStep, numbers, someState } from '../testing/graphs.ts'
import { referenceBackend } from '../testing/reference-backend.ts'
import { compile } from './compile.ts'
import { InfeasibleBudgetError } from './errors.ts'
import { openSession, type SessionOptions } from './session.ts'

const x = numbers(32 * 8, 7)

async function open(graph: Graph, options: Partial<SessionOptions> = {}) {
  const session = await openSession({ programs: { step: graph }, backend: referenceBackend(), ...options })
  await session.writeState(someState(graph))
  return session
}

/** Loss and all state after some steps, as bytes in text. */
async function run(graph: Graph, options: Partial<SessionOptions> = {}, steps = 3): Promise<string[]> {
  await using session = await open(graph, options)
  const seen: string[] = []
  for (let i = 0; i < steps; i++) {
    const outputs = await session.run('step', { x })
    seen.push(...Object.values(outputs).map(hex))
  }
  for (const { path } of session.state) seen.push(hex(await session.readState(path)))
  return seen
}

function hex(array: ArrayBufferView): string {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex')
}

function byEvaluator(graph: Graph, steps = 3): string[] {
  let kept = someState(graph) as ReturnType<typeof evaluate>['state']
  const seen: string[] = []
  for (let i = 0; i < steps; i++) {
    const { outputs, state } = evaluate(graph, { inputs: { x }, state: kept })
    seen.push(...Object.values(outputs).map(hex))
    kept = state
  }
  for (const path of Object.keys(kept).sort()) seen.push(hex(kept[path]!))
  return seen
}

describe('budgets', () => {
  const graph = chainStep(8)

  test('change no bit, down to the smallest feasible one', async () => {
    const want = byEvaluator(graph)
    expect(await run(graph)).toEqual(want)
    expect(await run(graph, { fusion: false })).toEqual(want)
    expect(await run(graph, { simplify: false })).toEqual(want)
    const smallest = await smallestOf(graph)
    for (const memory of ['100%', '85%', smallest] as const)
      expect(await run(graph, { memory })).toEqual(want)
  })

  test('bound the arena, and a smaller one never gives a larger arena', async () => {
    await using free = await open(graph)
    const most = free.plan().unconstrainedPeakBytes
    expect(free.arenaBytes).toBe(most)
    const smallest = await smallestOf(graph)
    let before = Number.POSITIVE_INFINITY
    for (let budget = most; budget >= smallest; budget -= Math.ceil((most - smallest) / 12) || 1) {
      await using session = await open(graph, { memory: budget })
      expect(session.arenaBytes).toBeLessThanOrEqual(budget)
      expect(session.arenaBytes).toBeLessThanOrEqual(before)
      expect(session.arenaBytes).toBe(session.plan().arenaBytes)
      expect(session.heldBytes - session.arenaBytes).toBeLessThan(65536)
      before = session.arenaBytes
    }
    await using least = await open(graph, { memory: smallest })
    expect(least.plan().recomputedTasks).toBeGreaterThan(0)
    expect(least.plan().overhead).toBeGreaterThan(0)
  })

  test('one byte too small are refused with the smallest that works, and what fills it', async () => {
    const smallest = await smallestOf(graph)
    const error = await open(graph, { memory: smallest - 1 }).catch(e => e)
    expect(error).toBeInstanceOf(InfeasibleBudgetError)
    expect(error).toMatchObject({
      code: 'INFEASIBLE_BUDGET',
      requestedBytes: smallest - 1,
      smallestBudgetBytes: smallest,
    })
    expect(error.top.length).toBeGreaterThan(0)
    expect(error.message).toMatch(/f32\[/)
  })

  test('too small for some program are refused with the smallest that works for all', async () => {
    // The step takes more than the sum, but can do with less.
    const sum = trace(
      (input: Value) => {
        const parts = Array.from({ length: 5 }, (_, i) => input.mul(i + 2).exp())
        return { parts: parts[0]!.concat(parts.slice(1)), x: input }
      },
      [f32(32, 8)],
      { names: ['x'] },
    ).graph
    const programs = { step: graph, sum }
    const open = (memory: number | string) =>
      openSession({ programs, backend: referenceBackend(), memory }).catch(e => e)
    await using free = await open('none')
    expect(free.mainProgram).toBe('step')
    const least = free.program('sum').plan.arenaBytes
    expect(await smallestOf(graph)).toBeLessThan(least)
    for (const memory of [1, least - 1])
      expect(await open(memory)).toMatchObject({ smallestBudgetBytes: least, requestedBytes: memory })
    await using session = await open(least)
    expect(session.arenaBytes).toBe(least)
  })

  test('the report adds up', async () => {
    await using session = await open(graph, { memory: '80%' })
    const plan = session.plan()
    expect(Object.values(plan.breakdown).reduce((a, b) => a + b)).toBe(plan.arenaBytes)
    expect(plan.recomputed.reduce((n, r) => n + r.times, 0)).toBe(plan.recomputedTasks)
    expect(plan.cost).toBeGreaterThanOrEqual(plan.lowerBound)
    expect(plan.planHash).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('a session', () => {
  const graph = chainStep(3)

  test('runs several programs and shapes over one arena and one state', async () => {
    const predict = (rows: number) =>
      trace(
        (input: Value) => ({
          y: [0, 1, 2].reduce((h, i) => h.matmul(state(`w${i}`, f32(8, 8), 'parameter')).tanh(), input),
        }),
        [f32(rows, 8)],
        { name: `predict${rows}`, names: ['x'] },
      ).graph
    const programs = { step: graph, predict: predict(32), few: predict(5) }
    await using session = await openSession({ programs, backend: referenceBackend(), memory: '100%' })
    await session.writeState(someState(graph))
    const before = (await session.run('predict', { x })).y!
    const few = (await session.run('few', { x: x.slice(0, 40) })).y!
    expect(Array.from(few)).toEqual(Array.from(before.subarray(0, 40)))
    await session.run('step', { x })
    expect(hex((await session.run('predict', { x })).y!)).not.toBe(hex(before))
    await session.add('one', predict(1))
    expect((await session.run('one', { x: x.slice(0, 8) })).y).toHaveLength(8)
  })

  test('refuses a program that disagrees about state, or brings new state later', async () => {
    const other = trace((input: Value) => ({ y: input.mul(state('w0', f32(3, 8))) }), [f32(3, 8)], {
      names: ['x'],
    }).graph
    await expect(
      openSession({ programs: { step: graph, other }, backend: referenceBackend() }),
    ).rejects.toMatchObject({
      code: 'STATE_TYPE',
    })
    await using session = await open(graph)
    const more = trace((input: Value) => ({ y: input.mul(state('v', f32(3, 8))) }), [f32(3, 8)], {
      names: ['x'],
    }).graph
    await expect(session.add('more', more)).rejects.toMatchObject({ code: 'PROGRAM' })
  })

  test('checks what it is fed', async () => {
    await using session = await open(graph, { finiteInputs: true })
    await expect(session.run('step', {})).rejects.toMatchObject({ code: 'FEED' })
    await expect(session.run('step', { x: x.slice(1) })).rejects.toMatchObject({ code: 'FEED' })
    await expect(session.run('step', { x: new Float64Array(256) })).rejects.toMatchObject({ code: 'FEED' })
    await expect(session.run('step', { x, y: x })).rejects.toMatchObject({ code: 'FEED' })
    await expect(
      session.run('step', { x: x.map((v, i) => (i === 3 ? Number.NaN : v)) }),
    ).rejects.toMatchObject({ code: 'FEED' })
    await expect(session.run('nothing', { x })).rejects.toMatchObject({ code: 'PROGRAM' })
    await expect(session.readState('w9')).rejects.toMatchObject({ code: 'FEED' })
    // Nothing of that did harm.
    expect((await session.run('step', { x })).loss).toHaveLength(1)
  })

  test('is torn by a failure after the first overwrite, and healed by new state', async () => {
    let failAt = Number.POSITIVE_INFINITY
    const backend = referenceBackend({
      run({ index, compute }) {
        if (index === failAt) throw new Error('out of order')
        compute()
      },
    })
    await using session = await open(graph, { backend })
    const { firstOverwrite, program } = session.program()
    failAt = 0
    expect(firstOverwrite).toBeGreaterThan(0)
    await expect(session.run('step', { x })).rejects.toThrow('out of order')
    failAt = Number.POSITIVE_INFINITY
    const { loss } = await session.run('step', { x })
    failAt = program.steps.findLastIndex(s => 'kernel' in s)
    await expect(session.run('step', { x })).rejects.toThrow('out of order')
    for (const attempt of [() => session.run('step', { x }), () => session.readState('w0')])
      await expect(attempt()).rejects.toMatchObject({ code: 'TORN_SESSION' })
    failAt = Number.POSITIVE_INFINITY
    await session.writeState(someState(graph))
    expect((await session.run('step', { x })).loss).toEqual(loss)
  })

  test('takes runs one after the other, and none once closed', async () => {
    const session = await open(graph)
    const losses = (await Promise.all([1, 2, 3].map(() => session.run('step', { x })))).map(r => r.loss![0])
    expect(new Set(losses).size).toBe(3)
    await session.close()
    await session.close()
    await expect(session.run('step', { x })).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

describe('state', () => {
  test('may swap, stay, go unread, be an output, or serve two buffers', async () => {
    const graph = trace(
      (input: Value) => {
        const [a, b, c] = ['a', 'b', 'c'].map(p => state(p, f32(4)))
        const [d, e] = ['d', 'e'].map(p => state(p, f32(4)))
        setState('a', b!)
        setState('b', a!)
        setState('d', input)
        const both = input.mul(c!).add(a!)
        setState('e', both)
        setState('c', both)
        return { old: a!, before: e!.add(d!), both }
      },
      [f32(4)],
      { names: ['x'] },
    ).graph
    const input = Float32Array.of(1, 2, 3, 4)
    let kept = someState(graph) as ReturnType<typeof evaluate>['state']
    await using session = await openSession({ programs: { step: graph }, backend: referenceBackend() })
    await session.writeState(kept)
    for (let i = 0; i < 3; i++) {
      const want = evaluate(graph, { inputs: { x: input }, state: kept })
      kept = want.state
      expect(await session.run('step', { x: input })).toEqual(want.outputs)
      for (const { path } of session.state) expect(await session.readState(path)).toEqual(kept[path])
    }
  })
})

describe('compile', () => {
  test('takes and gives nested arrays', async () => {
    await using f = await compile(
      (w: { a: Value }, [v, n]: [Value, Value]) => [w.a.mul(v).sum(), { n: n.add(1) }],
      {
        inputs: [{ a: f32(3) }, [f32(3), i32()]],
        backend: referenceBackend(),
        memory: '1 KiB',
      },
    )
    expect(await f({ a: Float32Array.of(1, 2, 3) }, [Float32Array.of(4, 5, 6), Int32Array.of(1)])).toEqual([
      Float32Array.of(32),
      { n: Int32Array.of(2) },
    ])
    expect(f.plan.arenaBytes).toBeLessThanOrEqual(1024)
    await expect(f({ a: Float32Array.of(1, 2, 3) })).rejects.toMatchObject({ code: 'FEED' })
  })
})

async function smallestOf(graph: Graph): Promise<number> {
  const error = await openSession({
    programs: { step: graph },
    backend: referenceBackend(),
    memory: 1,
  }).catch(e => e)
  return (error as InfeasibleBudgetError).smallestBudgetBytes
}
