import { cpu } from '@stint/backend-cpu'
import { planPrograms } from '@stint/engine'
import { expect, test } from 'vitest'
import { cases } from './cases.ts'

test.each(cases.map(c => [c.name, c] as const))('%s is its kernel and nothing else', async (_, c) => {
  const backend = cpu()
  const graph = c.graph()
  const { planned } = planPrograms({ programs: { c: graph }, backend }, await backend.target(), 'none')
  const { plan } = planned[0]!
  // Results are written to where they belong: no step copies them there.
  expect(plan.steps.filter(s => 'commit' in s)).toEqual([])
  expect(plan.steps.filter(s => 'run' in s).length).toBeLessThanOrEqual(
    c.name === 'elementwise-softmax' ? 2 : c.repeat,
  )
})

test('operands are set, results are not', () => {
  const add = cases.find(c => c.name === 'w6-256')!
  const { a, b, result0 } = add.state(add.graph()) as { [path: string]: Float32Array }
  expect(a).not.toEqual(b)
  expect(a!.some(v => v !== 0)).toBe(true)
  expect(result0!.every(v => v === 0)).toBe(true)
})
