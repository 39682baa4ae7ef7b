import { evaluate, f32, type Graph, sizeOf, trace, type Value } from '@stint/graph'
import { expect, test } from 'vitest'
import { openSession } from '../session/session.ts'
import { toTasks } from '../tasks/tasks.ts'
import { numbers } from '../testing/graphs.ts'
import { referenceBackend } from '../testing/reference-backend.ts'

const [rows, width, columns] = [6, 5, 9]

/** softmax(x w) v, and what a derivative would read of it. */
function graphOf(more: (scores: Value, weights: Value) => Value): Graph {
  const fn = (x: Value, w: Value, v: Value) => {
    const scores = x.matmul(w)
    const weights = scores.softmax()
    return { out: weights.matmul(v), more: more(scores, weights) }
  }
  const types = [f32(rows, width), f32(width, columns), f32(columns, width)]
  return trace(fn, types, { names: ['x', 'w', 'v'] }).graph
}

/** How many kernels compute exponentials. */
function exponentials(graph: Graph): number {
  const { tasks, kernels } = toTasks(graph)
  return tasks.filter(t => 'kernel' in t.run && kernels[t.run.kernel]!.body.some(n => n.op === 'exp')).length
}

async function check(graph: Graph): Promise<void> {
  const inputs = Object.fromEntries(
    graph.inputs.map(({ name, value }, i) => [name, numbers(sizeOf(graph.values[value]!.shape), i + 1)]),
  )
  await using session = await openSession({ programs: { main: graph }, backend: referenceBackend() })
  const { outputs } = await session.audit('main', inputs)
  expect(outputs).toEqual(evaluate(graph, { inputs }).outputs)
}

test('the exponentials of a softmax are computed once, where they alone need the scores', async () => {
  const graph = graphOf((_, weights) => weights.transpose().matmul(weights.mul(2)))
  expect(exponentials(graph)).toBe(1)
  await check(graph)
})

test('they are computed where they are read if the scores are kept for something else', async () => {
  const graph = graphOf((scores, weights) => weights.transpose().matmul(scores.square()))
  expect(exponentials(graph)).toBeGreaterThan(1)
  await check(graph)
})
