import { expect, test } from 'vitest'
import { checkSeed, lengthOf } from './options.ts'

test('a run is as long as its steps, or its epochs', () => {
  expect(lengthOf({ steps: 7 }, 5)).toBe(7)
  expect(lengthOf({ epochs: 3 }, 5)).toBe(15)
})

test.each([
  [{}, 'neither'],
  [{ steps: 1, epochs: 1 }, 'both'],
  [{ steps: 0 }, '0'],
  [{ epochs: 1.5 }, '1.5'],
  [{ epochs: Number.NaN }, 'NaN'],
])('a length of %j is refused', (options, got) => {
  expect(() => lengthOf(options, 5)).toThrow(expect.objectContaining({ code: 'OPTION', got }))
})

test.each([-1, 0.5, 2 ** 31, Number.NaN])('a seed of %d is refused', seed => {
  expect(() => checkSeed(seed)).toThrow(expect.objectContaining({ code: 'OPTION', got: String(seed) }))
})
