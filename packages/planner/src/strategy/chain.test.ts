import { expect, test } from 'vitest'
import { parseDag, type Shorthand } from '../dag/parse.ts'
import { InfeasibleBudgetError } from '../errors.ts'
import { plan } from '../plan/plan.ts'
import { fixture } from '../testing/fixtures.ts'

/** `length` equal steps forward, a loss, and as many backward, each reading its own input and result. */
function unitChain(length: number): Shorthand {
  const nodes: Shorthand['nodes'][number][] = []
  const add = (cost: number, inputs: number[], name: string): number =>
    nodes.push({ id: nodes.length, name, cost, bytes: 1, inputs }) - 1
  for (let i = 0; i < length; i++) add(1, i === 0 ? [] : [i - 1], `f${i}`)
  let gradient = add(0, [length - 1], 'loss')
  for (let i = length - 1; i >= 0; i--)
    gradient = add(1, i === 0 ? [0, gradient] : [i - 1, i, gradient], `b${i}`)
  return { nodes, outputs: [gradient] }
}

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k)

/** Steps that reversing `length` steps with `slots` checkpoints takes at least: Griewank and Walther, Revolve (2000), section 2. */
function leastSteps(length: number, slots: number): number {
  let repeats = 0
  while (choose(slots + repeats, slots) < length) repeats++
  return repeats * length - (repeats === 0 ? 0 : choose(slots + repeats, slots + 1))
}

test('the chain is that of the files', () => {
  const [file, ours] = [fixture('chain-unit-16') as Shorthand, unitChain(16)]
  expect(file.nodes.map(n => [n.cost, n.bytes, n.inputs])).toEqual(
    ours.nodes.map(n => [n.cost, n.bytes, n.inputs]),
  )
})

// Three bytes hold a step's gradient before and after, and its result; the others hold checkpoints.
test.each([6, 8, 10, 16])('a unit chain of %i steps is reversed with the fewest steps possible', length => {
  const { dag } = parseDag(unitChain(length))
  for (let budget = 4; budget <= length + 2; budget++) {
    const found = plan(dag, { budget })
    expect(found.cost - found.baseCost, `in ${budget} bytes`).toBe(
      leastSteps(length, budget - 3) - (length - 1),
    )
  }
  expect(() => plan(dag, { budget: 3 })).toThrow(InfeasibleBudgetError)
})
