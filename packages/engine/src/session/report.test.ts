import { f32, scope, setState, state, trace, type Value } from '@stint/graph'
import { expect, test } from 'vitest'
import { referenceBackend } from '../testing/reference-backend.ts'
import { openSession } from './session.ts'

/** Two layers, one of which has the other's name at the end of its own, with parameters and what is kept of them. */
const step = (x: Value) => {
  const layer = (path: string, input: Value): Value =>
    scope(path, () => {
      const w = state(`${path}.w`, f32(8, 8), 'parameter')
      const y = input.matmul(w).tanh()
      const moment = state(`optimizer.mean.${path}.w`, f32(8, 8), 'optimizer').mul(0.5).add(y.sum())
      setState(`optimizer.mean.${path}.w`, moment)
      setState(`${path}.w`, w.sub(moment))
      return y
    })
  setState('count', state('count', f32()).add(1))
  return { y: layer('a.0', layer('0', x)) }
}

test('the peak is divided among layers, what the optimizer keeps of them included', async () => {
  const graph = trace(step, [f32(4, 8)], { names: ['x'] }).graph
  await using session = await openSession({ programs: { step: graph }, backend: referenceBackend() })
  const { byLayer, breakdown, arenaBytes } = session.plan()
  expect(Object.keys(byLayer).sort()).toEqual(['', '0', 'a.0'])
  const weights = 2 * 8 * 8 * 4
  for (const path of ['0', 'a.0']) expect(byLayer[path]).toBeGreaterThanOrEqual(weights)
  const sum = Object.values(byLayer).reduce((a, b) => a + b)
  expect(sum + breakdown.workspace + breakdown.padding).toBe(arenaBytes)
})

test('the report explains the plan, by layer and line', async () => {
  const graph = trace(step, [f32(4, 8)], { names: ['x'] }).graph
  await using session = await openSession({ programs: { step: graph }, backend: referenceBackend() })
  const { explain, arenaBytes, cost } = session.plan()
  const found = explain()
  expect(found.totals).toMatchObject({ arenaBytes, cost, recomputedTasks: 0 })
  expect(found.peak.site).toMatch(/^report\.test\.ts:\d+$/)
  expect(found.peak.values.map(v => v.name)).toContain('optimizer.mean.a.0.w')
  expect(String(found)).toMatch(/^What fills the peak: run /m)
})
