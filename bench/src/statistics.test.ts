import { expect, test } from 'vitest'
import { round, rounded, summarize } from './statistics.ts'
import { table } from './table.ts'

test('quantiles are those of the peers: nearest rank, the upper one', () => {
  expect(summarize([5, 1, 4, 2, 3])).toEqual({ medianMs: 3, minMs: 1, p90Ms: 5 })
  expect(summarize([4, 3, 2, 1])).toEqual({ medianMs: 3, minMs: 1, p90Ms: 4 })
  expect(summarize([7])).toEqual({ medianMs: 7, minMs: 7, p90Ms: 7 })
  expect(() => summarize([])).toThrow(RangeError)
})

test('rounds to the part that is asked for', () => {
  expect(round(1.23456)).toBe(1.235)
  expect(rounded({ medianMs: 1.23456, minMs: 0.0123456, p90Ms: 2 }, 1e6)).toEqual({
    medianMs: 1.23456,
    minMs: 0.012346,
    p90Ms: 2,
  })
})

test('columns of a table are as wide as they must be', () => {
  expect(
    table(
      ['name', 'ms'],
      [
        ['a', 1.5],
        ['longer', 12],
      ],
    ),
  ).toBe('name    ms\na       1.5\nlonger   12')
})
