import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkDataset, dataset, shuffleRows, slice, split, take } from './dataset.ts'

/** Five rows of two values: row r holds 10r and 10r + 1. */
const five = () =>
  dataset({
    x: Uint8Array.of(0, 1, 10, 11, 20, 21, 30, 31, 40, 41),
    y: Int32Array.of(0, 1, 2, 0, 1),
    xShape: [2],
    classes: 3,
  })

describe('a data set', () => {
  test('keeps the arrays it is made of', () => {
    const x = new Float32Array(6)
    const y = Uint8Array.of(0, 1)
    const set = dataset({ x, y, xShape: [3], classes: 2, classNames: ['no', 'yes'] })
    expect(set.x).toBe(x)
    expect(set.y).toBe(y)
    expect(set.rows).toBe(2)
  })

  test.each([
    ['EMPTY', { y: new Int32Array(0) }],
    ['COUNT_MISMATCH', { y: new Int32Array(4) }],
    ['COUNT_MISMATCH', { xShape: [3] }],
    ['LABEL_RANGE', { classes: 2 }],
    ['LABEL_RANGE', { y: Int32Array.of(0, 1, -1, 0, 0) }],
    ['SHAPE', { xShape: [0] }],
    ['SHAPE', { xShape: [2, 0.5] }],
    ['SHAPE', { classes: 0 }],
    ['SHAPE', { classNames: ['one'] }],
  ])('that is wrong is refused: %s %o', (code, change) => {
    expect(() => dataset({ ...five(), ...change }, 'some.csv')).toThrow(
      expect.objectContaining({ name: 'DataError', code, path: 'some.csv' }),
    )
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'with a %s is refused',
    value => {
      const x = Float32Array.from({ length: 10 }, (_, i) => (i === 7 ? value : i))
      expect(() => dataset({ ...five(), x })).toThrow(
        expect.objectContaining({
          code: 'NOT_FINITE',
          what: 'Value 1 of row 3 is not finite',
          got: String(value),
        }),
      )
    },
  )

  test('may hold any finite number', () => {
    const x = Float32Array.from({ length: 10 }, (_, i) => [3.4e38, -3.4e38, 1e-45, -0, 0][i % 5]!)
    checkDataset({ ...five(), x })
  })
})

describe('parts of a data set', () => {
  test('are views', () => {
    const set = five()
    const [first, rest] = split(set, 2)
    expect([...first.x]).toEqual([0, 1, 10, 11])
    expect([...rest.y]).toEqual([2, 0, 1])
    expect(rest.x.buffer).toBe(set.x.buffer)
    expect(rest.y.buffer).toBe(set.y.buffer)
    expect([...slice(set, 1, 3).x]).toEqual([10, 11, 20, 21])
    expect(take(set, 5)).toEqual(set)
    checkDataset(first)
    checkDataset(rest)
  })

  test('that do not exist are refused', () => {
    for (const rows of [0, -1, 6, 1.5, Number.NaN]) {
      expect(() => take(five(), rows)).toThrow(expect.objectContaining({ code: 'OPTION' }))
    }
    expect(() => split(five(), 5)).toThrow(expect.objectContaining({ code: 'OPTION' }))
  })
})

describe('shuffling the rows', () => {
  test('keeps every row whole, with its label', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), seed => {
        const set = five()
        const labels = [...set.y]
        shuffleRows(set, seed)
        const rows = Array.from(set.y, (_, i) => set.x[2 * i]! / 10)
        expect([...rows].sort()).toEqual([0, 1, 2, 3, 4])
        for (const [i, row] of rows.entries()) {
          expect(set.x[2 * i + 1]).toBe(10 * row + 1)
          expect(set.y[i]).toBe(labels[row])
        }
      }),
      { seed: 1, numRuns: 100 },
    )
  })

  test('depends on the seed alone', () => {
    const [a, b, c] = [five(), five(), five()]
    shuffleRows(a, 1)
    shuffleRows(b, 1)
    shuffleRows(c, 2)
    expect(a).toEqual(b)
    expect(a).not.toEqual(c)
    expect(() => shuffleRows(a, -1)).toThrow(expect.objectContaining({ code: 'OPTION' }))
  })
})
