import { evaluate, type Graph } from '@stint/graph'
import { firstDifference, randomGraph, randomInputs } from '@stint/graph/testing'
import { verify } from '@stint/planner'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { InfeasibleBudgetError } from './session/errors.ts'
import { openSession, type SessionOptions } from './session/session.ts'
import { referenceBackend } from './testing/reference-backend.ts'

const numRuns = process.env.STINT_FULL === '1' ? 1000 : 60
const graphs = fc.record({
  seed: fc.nat(1e6),
  nodes: fc.integer({ min: 5, max: 60 }),
  dtype: fc.constantFrom('f32' as const, 'f64' as const),
})

async function run(
  graph: Graph,
  seed: number,
  options: Partial<SessionOptions> = {},
): Promise<ReturnType<typeof evaluate>> {
  const fed = randomInputs(graph, seed)
  await using session = await openSession({
    programs: { main: graph },
    backend: referenceBackend(),
    ...options,
  })
  const { arenaBytes } = session
  const { dag, plan } = session.program()
  verify(dag.dag, plan, { budget: arenaBytes, fixed: dag.fixed })
  if (session.state.length > 0) await session.writeState(fed.state ?? {})
  const { outputs, report } = await session.audit('main', fed.inputs ?? {})
  expect(report.touchedPeakBytes).toBeLessThanOrEqual(arenaBytes)
  const state: ReturnType<typeof evaluate>['state'] = {}
  for (const { path } of session.state) state[path] = await session.readState(path)
  return { outputs, state }
}

async function smallest(graph: Graph): Promise<number> {
  const error = await openSession({
    programs: { main: graph },
    backend: referenceBackend(),
    memory: 1,
  }).catch(e => e)
  if (error === undefined || !('smallestBudgetBytes' in error)) throw error
  return (error as InfeasibleBudgetError).smallestBudgetBytes
}

describe('a random graph gives the bits of its plain evaluation', () => {
  const same = (seed: number, graph: Graph, got: ReturnType<typeof evaluate>): void => {
    const want = evaluate(graph, randomInputs(graph, seed))
    for (const part of ['outputs', 'state'] as const) {
      expect(Object.keys(got[part]).sort()).toEqual(Object.keys(want[part]).sort())
      for (const [name, array] of Object.entries(want[part]))
        expect(firstDifference(got[part][name]!, array), `${part} ${name}`).toBeUndefined()
    }
  }

  test.each([
    ['fused', {}],
    ['not fused', { fusion: false }],
    ['not simplified', { simplify: false }],
  ] as const)(
    '%s, audited',
    async (_, options) => {
      await fc.assert(
        fc.asyncProperty(graphs, async ({ seed, ...size }) => {
          const graph = randomGraph(seed, size)
          same(seed, graph, await run(graph, seed, options))
        }),
        { numRuns, seed: 1 },
      )
    },
    600_000,
  )

  test('in the smallest feasible budget, audited', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async ({ seed, ...size }) => {
        const graph = randomGraph(seed, size)
        same(seed, graph, await run(graph, seed, { memory: await smallest(graph) }))
      }),
      { numRuns, seed: 2 },
    )
  }, 600_000)
})
