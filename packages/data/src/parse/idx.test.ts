import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DataError } from '../error.ts'
import { idxMagic, parseIdx } from './idx.ts'

const runs = process.env.STINT_FULL === '1' ? 20_000 : 1000

function idx(type: number, shape: number[], body: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + body.length)
  bytes.set([0, 0, type, shape.length])
  const view = new DataView(bytes.buffer)
  for (const [axis, extent] of shape.entries()) view.setUint32(4 + 4 * axis, extent)
  bytes.set(body, 4 + 4 * shape.length)
  return bytes
}

const code = (expected: string) =>
  expect.objectContaining({ name: 'DataError', code: expected, path: 'some.idx' })
const read = (bytes: Uint8Array, magic?: number) =>
  parseIdx(bytes, magic === undefined ? { path: 'some.idx' } : { path: 'some.idx', magic })

describe('parseIdx', () => {
  test('reads bytes without a copy', () => {
    const file = idx(8, [2, 3], [1, 2, 3, 4, 5, 255])
    const { shape, data } = parseIdx(file)
    expect(shape).toEqual([2, 3])
    expect(data).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 255))
    expect(data.buffer).toBe(file.buffer)
  })

  test('reads from the middle of a larger buffer', () => {
    const padded = new Uint8Array(100)
    padded.set(idx(8, [3], [7, 8, 9]), 33)
    expect([...parseIdx(padded.subarray(33, 44)).data]).toEqual([7, 8, 9])
  })

  test('reads every type of number, big-endian', () => {
    expect(parseIdx(idx(9, [2], [255, 128])).data).toEqual(Int8Array.of(-1, -128))
    expect(parseIdx(idx(11, [2], [0x12, 0x34, 0xff, 0xfe])).data).toEqual(Int16Array.of(0x1234, -2))
    expect(parseIdx(idx(12, [1], [0x12, 0x34, 0x56, 0x78])).data).toEqual(Int32Array.of(0x12345678))
    expect(parseIdx(idx(13, [1], [0xbf, 0xc0, 0, 0])).data).toEqual(Float32Array.of(-1.5))
    expect(parseIdx(idx(14, [1], [0x40, 0x04, 0, 0, 0, 0, 0, 0])).data).toEqual(Float64Array.of(2.5))
  })

  test('refuses a wrong magic number', () => {
    const labels = idx(8, [3], [1, 2, 3])
    expect(read(labels, idxMagic.labels).shape).toEqual([3])
    expect(() => read(labels, idxMagic.images)).toThrow(code('IDX_MAGIC'))
    expect(() => read(labels, idxMagic.images)).toThrow(/expected 0x00000803, got 0x00000801/)
    for (const start of [[], [0, 0, 8], [1, 0, 8, 1], [0, 0, 10, 1], [0, 0, 8, 0], [0x1f, 0x8b, 8, 0]]) {
      expect(() => read(Uint8Array.from([...start, ...(start.length < 4 ? [] : [0, 0, 0, 0])]))).toThrow(
        code('IDX_MAGIC'),
      )
    }
  })

  test('refuses a file that was cut off, wherever, and one with more than it says', () => {
    const file = idx(8, [2, 3], [1, 2, 3, 4, 5, 6])
    for (let length = 4; length < file.length; length++) {
      expect(() => read(file.subarray(0, length))).toThrow(code('IDX_TRUNCATED'))
    }
    expect(() => read(Uint8Array.of(...file, 7))).toThrow(code('IDX_TRAILING'))
    expect(() => read(idx(13, [2], [0, 0, 0, 0, 0, 0, 0]))).toThrow(code('IDX_TRUNCATED'))
    expect(() => read(idx(8, new Array<number>(255).fill(0xffffffff), []))).toThrow(code('IDX_TRUNCATED'))
  })

  test('reads or refuses whatever bytes come', () => {
    const start = fc.tuple(fc.constantFrom(8, 9, 11, 12, 13, 14, 15), fc.nat(3))
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 40 }), ([type, rank], rest) => {
        const bytes = Uint8Array.of(
          0,
          0,
          type,
          rank,
          ...rest.map((byte, i) => (i % 4 === 3 ? byte % 4 : byte % 2)),
        )
        try {
          const { shape, data } = parseIdx(bytes)
          expect(data.length).toBe(shape.reduce((a, b) => a * b, 1))
        } catch (error) {
          expect(error).toBeInstanceOf(DataError)
        }
      }),
      { seed: 3, numRuns: runs },
    )
  })
})
