import { describe, expect, test } from 'vitest'
import { chainStep, numbers, someState } from '../testing/graphs.ts'
import { referenceBackend } from '../testing/reference-backend.ts'
import { openSession } from './session.ts'
import { measuredTarget, parseTarget, TargetError } from './target.ts'

const backend = referenceBackend()
const graph = chainStep(4)
const inputs = { x: numbers(32 * 8, 7) }

describe('measured costs', () => {
  test('go through a file into plans, which are then the same every time', async () => {
    await using session = await openSession({ programs: { step: graph }, backend })
    await session.writeState(someState(graph))
    const times = await session.measure('step', inputs, 3)
    const { kernels, steps } = session.program('step').program
    expect(times.reduce((n, t) => n + t.count, 0)).toBe(steps.filter(s => 'kernel' in s).length)
    for (const { ns } of times) expect(Number.isSafeInteger(ns) && ns > 0).toBe(true)

    const target = parseTarget(JSON.parse(JSON.stringify(measuredTarget(session.target, times))))
    const plan = async () => {
      await using other = await openSession({ programs: { step: graph }, backend, target, memory: '95%' })
      const { dag } = other.program().dag
      return { hash: other.plan().planHash, costs: dag.tasks.map(t => t.cost), target: other.target }
    }
    const [first, second] = [await plan(), await plan()]
    expect(first).toEqual(second)
    expect(first.target).toEqual(target)
    const of = new Map(times.map(t => [t.signature, t.ns]))
    const { tasks } = session.program('step').tasks
    expect(first.costs).toEqual(
      tasks.map(t => of.get(kernels[(t.run as { kernel: number }).kernel]!.signature)),
    )
  })
})

describe('a file that is no target', () => {
  const good = {
    backend: 'x',
    numerics: 1,
    threads: 1,
    align: 64,
    features: {},
    costs: { step: 1, flop: {}, bytes: 1 },
  }

  test.each<[string, unknown, RegExp]>([
    ['another thing', [1], /this is no target: the file is wrong; expected an object, got \[1\]/],
    ['a plan', { steps: [] }, /costs is wrong; expected an object, got nothing/],
    ['without a backend', { ...good, backend: undefined }, /backend is wrong; expected the name/],
    [
      'of half threads',
      { ...good, threads: 0.5 },
      /threads is wrong; expected a whole number from 1, got 0.5/,
    ],
    [
      'of negative times',
      { ...good, costs: { ...good.costs, measured: { k: -3 } } },
      /measured of k is wrong/,
    ],
  ])('is refused: %s', (_, json, message) => {
    expect(() => parseTarget(json)).toThrow(TargetError)
    expect(() => parseTarget(json)).toThrow(message)
    expect(parseTarget(good)).toEqual(good)
  })

  test('or one of another backend', async () => {
    const opened = openSession({ programs: { step: graph }, backend, target: good })
    await expect(opened).rejects.toThrow(/of another backend.*expected backend reference, got x/)
  })
})
