import { describe, expect, test } from 'vitest'
import { imagesFromIdx, labelledFromCsv } from './labelled.ts'

const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6)
const labels = (...values: number[]) => Uint8Array.of(0, 0, 8, 1, 0, 0, 0, values.length, ...values)
const code = (expected: string, path: string) =>
  expect.objectContaining({ name: 'DataError', code: expected, path })

describe('images from IDX files', () => {
  const read = (image: Uint8Array, label: Uint8Array) =>
    imagesFromIdx({ bytes: image, path: 'images' }, { bytes: label, path: 'labels' }, { classes: 3 })

  test('are [N, 1, H, W], a view of the file', () => {
    const set = read(images, labels(2, 0))
    expect(set).toMatchObject({ rows: 2, xShape: [1, 1, 3], classes: 3 })
    expect(set.y).toEqual(Int32Array.of(2, 0))
    expect([...set.x]).toEqual([1, 2, 3, 4, 5, 6])
    expect(set.x.buffer).toBe(images.buffer)
  })

  test('must be as many as the labels', () => {
    expect(() => read(images, labels(0, 1, 2))).toThrow(code('COUNT_MISMATCH', 'labels'))
    expect(() => read(images, labels(0))).toThrow('expected 2 labels, one for each image, got 1')
  })

  test('must have labels of their classes', () => {
    expect(() => read(images, labels(0, 3))).toThrow(code('LABEL_RANGE', 'labels'))
  })

  test('must not be taken for labels, nor cut off', () => {
    expect(() => read(labels(0, 1), images)).toThrow(code('IDX_MAGIC', 'images'))
    expect(() => read(images, images)).toThrow(code('IDX_MAGIC', 'labels'))
    expect(() => read(images.subarray(0, 20), labels(0, 1))).toThrow(code('IDX_TRUNCATED', 'images'))
  })
})

describe('a labelled set from CSV', () => {
  const read = (text: string, header = false) =>
    labelledFromCsv(text, { max: 16, classes: 3, path: 'some.csv', header })

  test('is scaled to 0 to 1, the label last', () => {
    const set = read('0,4,1\n16,1,2\n')
    expect(set).toMatchObject({ rows: 2, xShape: [2], classes: 3 })
    expect(set.x).toEqual(Float32Array.of(0, 0.25, 1, 0.0625))
    expect(set.y).toEqual(Int32Array.of(1, 2))
    expect(read('a,b,label\r\n0,4,1\r\n16,1,2', true)).toEqual(set)
  })

  test.each([
    ['CSV_NUMBER', '0,17,1'],
    ['CSV_NUMBER', '0,-1,1'],
    ['CSV_NUMBER', '0,NaN,1'],
    ['CSV_NUMBER', '0,1,0.5'],
    ['CSV_FIELDS', '0,1,1\n0,1'],
    ['LABEL_RANGE', '0,1,3'],
    ['LABEL_RANGE', '0,1,-1'],
    ['SHAPE', '1'],
    ['EMPTY', ''],
  ])('that is wrong is refused: %s %j', (expected, text) => {
    expect(() => read(text)).toThrow(code(expected, 'some.csv'))
  })
})
