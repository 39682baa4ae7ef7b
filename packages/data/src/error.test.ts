import { expect, test } from 'vitest'
import { DataError, show } from './error.ts'

test('the message says where, what, what was expected, what came, and what to do', () => {
  const fields = { path: 'a.gz', expected: 'one', got: 'two', hint: 'Try again' }
  const error = new DataError('NOT_GZIP', 'Not a gzip file', fields)
  expect(error.message).toBe('a.gz: Not a gzip file; expected one, got two. Try again')
  expect(error).toMatchObject({ name: 'DataError', code: 'NOT_GZIP', what: 'Not a gzip file', ...fields })
  expect(error).toBeInstanceOf(Error)
})

test('fields that are not there leave no trace in the message', () => {
  expect(new DataError('EMPTY', 'No rows').message).toBe('No rows')
  expect(new DataError('EMPTY', 'No rows', { got: '0' }).message).toBe('No rows; got 0')
})

test('long and odd values are shown in a line', () => {
  expect(show('a\nb')).toBe('"a\\nb"')
  expect(show(Number.NaN)).toBe('NaN')
  expect(show('x'.repeat(1000)).length).toBe(40)
})
