import {
  concat,
  evaluate,
  f32,
  type Graph,
  split,
  type Traceable,
  type Type,
  trace,
  type Value,
} from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { openSession } from '../session/session.ts'
import { toTasks } from '../tasks/tasks.ts'
import { numbers } from '../testing/graphs.ts'
import { referenceBackend } from '../testing/reference-backend.ts'

function graphOf(fn: Traceable, ...inputs: Type[]): Graph {
  return trace(fn, inputs).graph
}

/** Runs it under the audit and compares with the plain evaluation, bit by bit; gives the bytes of the arena. */
async function check(graph: Graph): Promise<number> {
  const inputs = Object.fromEntries(
    graph.inputs.map(({ name, value }, i) => [
      name,
      numbers(
        graph.values[value]!.shape.reduce((n, d) => n * d, 1),
        i + 1,
      ),
    ]),
  )
  await using session = await openSession({ programs: { main: graph }, backend: referenceBackend() })
  const { outputs } = await session.audit('main', inputs)
  expect(outputs).toEqual(evaluate(graph, { inputs }).outputs)
  return session.arenaBytes
}

/** h ← tanh(x[t] + h w), over the first axis. */
const recurrence = (x: Value, w: Value): Value => {
  const [steps, rows, width] = x.shape as [number, number, number]
  const hs: Value[] = []
  for (const slice of split(x, steps)) {
    const own = slice.reshape([rows, width])
    const before = hs.at(-1)
    hs.push((before === undefined ? own : own.add(before.matmul(w))).tanh())
  }
  return concat(hs.map(h => h.expandDims(0)))
}

describe('a sequence', () => {
  test('has kernels that its steps share, however long it is', async () => {
    const of = (steps: number): Graph => graphOf(recurrence, f32(steps, 4, 3), f32(3, 3))
    const [short, long] = [of(12), of(24)].map(graph => toTasks(graph)) as [
      ReturnType<typeof toTasks>,
      ReturnType<typeof toTasks>,
    ]
    expect(long.kernels.length).toBe(short.kernels.length)
    expect(new Set(long.tasks.flatMap(t => t.offsets ?? [])).size).toBeGreaterThan(20)
    await check(of(12))
  })

  test('of which slices are computed first is stored once', async () => {
    const graph = graphOf(
      (x: Value, w: Value) => recurrence(x.transpose([1, 0, 2]).exp(), w),
      f32(4, 10, 3),
      f32(3, 3),
    )
    expect(toTasks(graph).tasks.filter(t => t.reads.includes(graph.inputs[0]!.value))).toHaveLength(1)
    await check(graph)
  })
})

describe('slices of what is stored', () => {
  test.each<[string, Traceable, boolean]>([
    ['rows', x => x.slice([1, 0, 0], [2, 4, 6]).sin(), true],
    ['a range of one row', x => x.reshape([12, 6]).slice([3, 0], [5, 6]).sin(), true],
    ['single elements', x => x.slice([2, 1, 3], [3, 2, 4]).sin(), true],
    ['columns', x => x.slice([0, 0, 2], [3, 4, 4]).sin(), false],
    ['every other row', x => x.slice([0, 0, 0], [3, 4, 6], [2, 1, 1]).sin(), false],
  ])('%s', async (_, fn, isView) => {
    const graph = graphOf(fn, f32(3, 4, 6))
    expect(toTasks(graph).tasks.some(t => t.offsets !== undefined)).toBe(isView)
    await check(graph)
  })

  test('leave the place to nobody: a result does not take that of a value read from its middle', async () => {
    const graph = graphOf(
      (x: Value) => {
        const y = x.exp().sum(1, true).mul(x)
        return [y.slice([4, 0], [8, 6]).sin(), y.slice([0, 0], [4, 6]).cos()]
      },
      f32(8, 6),
    )
    await check(graph)
  })
})

describe('a sum of products', () => {
  test('adds each to those before it, and keeps one', async () => {
    const count = 12
    const graph = graphOf(
      (x: Value, w: Value) =>
        split(x, count)
          .map(part => part.reshape([16, 32]).transpose().matmul(w))
          .reduce((a, b) => a.add(b))
          .sin(),
      f32(count, 16, 32),
      f32(16, 32),
    )
    const { tasks } = toTasks(graph)
    expect(Math.max(...tasks.map(t => t.reads.length))).toBeLessThanOrEqual(3)
    const product = 4 * 32 * 32
    expect(await check(graph)).toBeLessThan(4 * (count * 16 * 32 + 16 * 32) + 4 * product)
  })
})

describe('many pieces', () => {
  test('are stored, and joined once for all readers', async () => {
    const graph = graphOf(
      (x: Value, w: Value) => {
        const y = concat(split(x, 10).map((part, i) => part.mul(i + 0.5).exp()))
        return [y.matmul(w), y.transpose().matmul(y)]
      },
      f32(20, 6),
      f32(6, 4),
    )
    const { kernels } = toTasks(graph)
    expect(kernels.filter(k => k.body.some(n => n.op === 'concat')).map(k => k.operands.length)).toEqual([10])
    await check(graph)
  })
})
