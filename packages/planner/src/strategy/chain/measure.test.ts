import { expect, test } from 'vitest'
import { modelOf } from '../../dag/model.ts'
import { parseDag } from '../../dag/parse.ts'
import { interleaved } from './measure.ts'

test('what runs again comes right before what reads it, however long a chain of it is', () => {
  const count = 50_000
  const nodes = Array.from({ length: count }, (_, i) => ({
    id: i,
    cost: 1,
    bytes: 1,
    inputs: i === 0 ? [] : [i - 1],
  }))
  const model = modelOf(parseDag({ nodes, outputs: [count - 1] }).dag)
  const again = model.needed.slice(0, -1)
  expect(interleaved(model, [count - 1], again)).toEqual(model.needed)
  expect(interleaved(model, [2, count - 1], [0, 1])).toEqual([0, 1, 2, count - 1])
})
