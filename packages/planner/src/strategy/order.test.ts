import { expect, test } from 'vitest'
import { type Model, modelOf } from '../dag/model.ts'
import { parseDag, type Shorthand } from '../dag/parse.ts'
import { plan } from '../plan/plan.ts'
import { storeAllPeak } from '../plan/store-all.ts'
import { verify } from '../verify/verify.ts'
import { quickOrder } from './order.ts'
import { Random } from './random.ts'
import { Simulation } from './simulate.ts'

type Node = Shorthand['nodes'][number]

/** Leaves that all read one value, added up in pairs, a level after the other: the file's order keeps whole levels. */
function tree(leaves: number): Model {
  const random = new Random(1)
  const nodes: Node[] = [{ id: 0, cost: 1, bytes: 8, inputs: [] }]
  const add = (inputs: number[]): number =>
    nodes.push({ id: nodes.length, cost: 1 + random.below(9), bytes: 8 + random.below(64), inputs }) - 1
  let level = Array.from({ length: leaves }, () => add([0]))
  while (level.length > 1)
    level = level.flatMap((v, i) =>
      i % 2 === 1 ? [] : level[i + 1] === undefined ? [v] : [add([v, level[i + 1]!])],
    )
  return modelOf(parseDag({ nodes, outputs: level }).dag)
}

/** Steps that each read the one before and a value of their own, all of which the file makes first. */
function early(steps: number): Model {
  const nodes: Node[] = Array.from({ length: steps }, (_, i) => ({ id: i, cost: 1, bytes: 8, inputs: [] }))
  for (let i = 0; i < steps; i++)
    nodes.push({ id: steps + i, cost: 1, bytes: 4, inputs: i === 0 ? [0] : [i, steps + i - 1] })
  return modelOf(parseDag({ nodes, outputs: [2 * steps - 1] }).dag)
}

function peakOf(model: Model, order: readonly number[]): number {
  expect([...order].sort((a, b) => a - b)).toEqual([...model.needed])
  return new Simulation(model).run(Int32Array.from(order), order.length)
}

test.each([
  ['a tree is gone through depth first', tree(2000)],
  ['what is made long before it is read is made later', early(2000)],
])('%s', (_, model) => {
  const file = peakOf(model, model.needed)
  expect(peakOf(model, quickOrder(model))).toBeLessThan(0.02 * file)
})

test('where nothing is gained, the order is that of the file', () => {
  const nodes = Array.from(
    { length: 50 },
    (_, i): Node => ({
      id: i,
      cost: 1,
      bytes: 8,
      inputs: i === 0 ? [] : [i - 1],
    }),
  )
  const model = modelOf(parseDag({ nodes, outputs: [49] }).dag)
  expect(quickOrder(model)).toBe(model.needed)
})

test('a large tree costs nothing in a fiftieth of what its file keeps', () => {
  const { dag } = tree(4000)
  const budget = Math.floor(0.02 * storeAllPeak(dag))
  const found = plan(dag, { budget, iterations: 0 })
  verify(dag, found, { budget })
  expect(found.cost).toBe(found.baseCost)
})
