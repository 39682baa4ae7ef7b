import { cpu } from '@stint/backend-cpu'
import { wasm } from '@stint/backend-wasm'
import { type Backend, type InfeasibleBudgetError, openSession, type SessionOptions } from '@stint/engine'
import { evaluate, type Graph } from '@stint/graph'
import { firstDifference, randomGraph, randomInputs } from '@stint/graph/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const numRuns = process.env.STINT_FULL === '1' ? 1000 : 60
const graphs = fc.record({
  seed: fc.nat(1e6),
  nodes: fc.integer({ min: 5, max: 60 }),
  dtype: fc.constantFrom('f32' as const, 'f64' as const),
})

type Result = ReturnType<typeof evaluate>

/** A run step by step, each step audited, then one as users run it. */
async function runs(
  graph: Graph,
  seed: number,
  backend: Backend,
  options: Partial<SessionOptions>,
): Promise<Result[]> {
  const fed = randomInputs(graph, seed)
  await using session = await openSession({ programs: { main: graph }, backend, ...options })
  const results: Result[] = []
  for (const how of ['audit', 'run'] as const) {
    if (session.state.length > 0) await session.writeState(fed.state)
    const outputs =
      how === 'run'
        ? await session.run('main', fed.inputs)
        : (await session.audit('main', fed.inputs)).outputs
    const state: Result['state'] = {}
    for (const { path } of session.state) state[path] = await session.readState(path)
    results.push({ outputs, state })
  }
  return results
}

async function smallest(graph: Graph, backend: Backend): Promise<number> {
  const error = await openSession({ programs: { main: graph }, backend, memory: 1 }).catch(e => e)
  if (!('smallestBudgetBytes' in error)) throw error
  return (error as InfeasibleBudgetError).smallestBudgetBytes
}

function same(got: Result, want: Result): void {
  for (const part of ['outputs', 'state'] as const)
    for (const [name, array] of Object.entries(want[part]))
      expect(firstDifference(got[part][name]!, array), `${part} ${name}`).toBeUndefined()
}

const ways = [
  ['fused', {}],
  ['not fused', { fusion: false }],
  ['not simplified', { simplify: false }],
] as const

describe('on the CPU a random graph gives the bits of its plain evaluation', () => {
  async function check(seed: number, graph: Graph, options: Partial<SessionOptions>): Promise<void> {
    const want = evaluate(graph, randomInputs(graph, seed))
    for (const got of await runs(graph, seed, cpu(), options)) same(got, want)
  }

  test.each(ways)(
    '%s',
    async (_, options) => {
      const property = fc.asyncProperty(graphs, ({ seed, ...size }) =>
        check(seed, randomGraph(seed, size), options),
      )
      await fc.assert(property, { numRuns, seed: 1 })
    },
    900_000,
  )

  test('in the smallest feasible budget', async () => {
    const property = fc.asyncProperty(graphs, async ({ seed, ...size }) => {
      const graph = randomGraph(seed, size)
      await check(seed, graph, { memory: await smallest(graph, cpu()) })
    })
    await fc.assert(property, { numRuns, seed: 2 })
  }, 900_000)
})

test('in WebAssembly a random graph gives the same bits fused, node by node and in the smallest budget', async () => {
  const property = fc.asyncProperty(graphs, async ({ seed, ...size }) => {
    const graph = randomGraph(seed, size)
    const [want, ...more] = await runs(graph, seed, wasm(), { fusion: false })
    for (const options of [{}, { memory: await smallest(graph, wasm()) }])
      more.push(...(await runs(graph, seed, wasm(), options)))
    for (const got of more) same(got, want!)
  })
  await fc.assert(property, { numRuns: numRuns / 2, seed: 3 })
}, 900_000)
