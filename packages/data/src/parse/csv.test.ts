import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DataError } from '../error.ts'
import { type CsvOptions, csvRows } from './csv.ts'

const runs = process.env.STINT_FULL === '1' ? 20_000 : 1000

/** All rows, copied out of the array that they share. */
const all = (text: string, options?: CsvOptions) =>
  Array.from(csvRows(text, options), ({ line, values }) => ({ line, values: [...values] }))

const code = (expected: string) =>
  expect.objectContaining({ name: 'DataError', code: expected, path: 'some.csv' })

describe('csvRows', () => {
  test('reads numbers, with any end of line', () => {
    const rows = [
      { line: 1, values: [1, -2.5] },
      { line: 2, values: [0.5, 3000] },
    ]
    expect(all('1,-2.5\n.5,3e3')).toEqual(rows)
    expect(all('1, -2.5\r\n.5 ,3E+3\r\n\r\n')).toEqual(rows)
    expect(all('+1.,-2.5\n5e-1,3000\n')).toEqual(rows)
  })

  test('passes over a header, and counts it', () => {
    expect(all('a,b\n1,2\n', { header: true })).toEqual([{ line: 2, values: [1, 2] }])
    expect(all('a,b', { header: true })).toEqual([])
  })

  test('has no rows in an empty text', () => {
    expect(all('')).toEqual([])
    expect(all('\n\n')).toEqual([])
  })

  test('uses one array for all rows', () => {
    expect(new Set(Array.from(csvRows('1,2\n3,4\n5,6'), row => row.values)).size).toBe(1)
  })

  test('refuses a row with too few or too many fields, and names its line', () => {
    for (const text of ['1,2\n1\n', '1,2\n1,2,3\n', '1,2\n\n1,2\n', '1,2\n1,2,\n']) {
      expect(() => all(text, { path: 'some.csv' })).toThrow(code('CSV_FIELDS'))
      expect(() => all(text, { path: 'some.csv' })).toThrow(/some\.csv: Line \d .*; expected [23], got \d/)
    }
    expect(() => all('1,2\n', { path: 'some.csv', fields: 3 })).toThrow(code('CSV_FIELDS'))
  })

  test('refuses a field that is no finite decimal number', () => {
    for (const field of [
      '',
      ' ',
      'x',
      'NaN',
      'Infinity',
      '1e999',
      '0x10',
      '"1"',
      '1 2',
      '--1',
      '1e',
      '.',
      '1;2',
    ]) {
      expect(() => all(`1,2\n3,${field},`, { fields: 3, path: 'some.csv' })).toThrow(DataError)
      expect(() => all(`1,2\n3,${field}\n5,6`, { path: 'some.csv' })).toThrow(code('CSV_NUMBER'))
    }
    expect(() => all('1,2\n3,x')).toThrow(
      'Field 2 of line 2 cannot be used; expected a decimal number, got "x"',
    )
  })

  test('takes no longer over a field made to be hard', () => {
    const start = performance.now()
    expect(() => all(`${'1'.repeat(200_000)}x`)).toThrow(DataError)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  test('reads back what was written', () => {
    const number = fc.double({ noDefaultInfinity: true, noNaN: true })
    const table = fc.nat(4).chain(extra => {
      const row = fc.array(number, { minLength: extra + 1, maxLength: extra + 1 })
      return fc.array(row, { minLength: 1, maxLength: 6 })
    })
    fc.assert(
      fc.property(table, rows => {
        const text = rows.map(row => row.join(',')).join('\n')
        // Text has no sign of zero.
        expect(all(text).map(row => row.values)).toEqual(rows.map(row => row.map(value => value + 0 || 0)))
      }),
      { seed: 4, numRuns: runs },
    )
  })

  test('reads or refuses whatever text comes', () => {
    const text = fc.string({
      unit: fc.constantFrom('1', '0', '.', ',', ',', '\n', '\n', '\r', '-', 'e', ' ', 'é'),
    })
    fc.assert(
      fc.property(text, given => {
        try {
          for (const { values } of csvRows(given)) expect(values.every(Number.isFinite)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(DataError)
        }
      }),
      { seed: 5, numRuns: runs },
    )
  })
})
