import { describe, expect, test } from 'vitest'
import { loadSuite, readSafetensors } from './index.ts'
import { referenceFiles } from './testing/suite.ts'

const files = referenceFiles()
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** A safetensors file with that header and data. */
function packed(header: unknown, data: readonly number[] = []): Uint8Array {
  const json = text(header)
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

describe('readSafetensors', () => {
  const entry = { dtype: 'F32', shape: [1], data_offsets: [0, 4] }

  test('reads tensors wherever they lie', () => {
    const header = {
      __metadata__: { by: 'hand' },
      a: entry,
      b: { dtype: 'I32', shape: [], data_offsets: [4, 8] },
    }
    const file = packed(header, [0, 0, 0x80, 0x3f, 0xfe, 0xff, 0xff, 0xff])
    const shifted = new Uint8Array(file.length + 1)
    shifted.set(file, 1)
    for (const bytes of [file, shifted.subarray(1)])
      expect(Object.fromEntries(readSafetensors(bytes))).toEqual({
        a: { dtype: 'f32', shape: [1], data: Float32Array.of(1) },
        b: { dtype: 'i32', shape: [], data: Int32Array.of(-2) },
      })
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(3), /before its header/],
    ['a truncated header', packed({ a: entry }).subarray(0, 20), /inside its header/],
    ['a header that is not JSON', packed('').fill(0x20, 8), /not JSON/],
    ['a header that is no object', packed(7), /not an object/],
    ['truncated data', packed({ a: entry }, [0, 0, 0]), /data of 'a'/],
    ['a size that does not fit', packed({ a: { ...entry, shape: [2] } }, [0, 0, 0, 0]), /data of 'a'/],
    ['another dtype', packed({ a: { ...entry, dtype: 'BF16' } }, [0, 0, 0, 0]), /entry of 'a'/],
    [
      'offsets that are no numbers',
      packed({ a: { ...entry, data_offsets: ['0', 4] } }, [0, 0, 0, 0]),
      /entry of 'a'/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(message)
  })
})

describe('loadSuite', () => {
  test('knows every tensor that a case names', () => {
    const suite = loadSuite(files)
    expect(suite.cases).toHaveLength(464)
    for (const c of suite.cases)
      for (const name of [...c.inputs, ...c.outputs, ...c.grads]) if (name !== null) suite.tensor(c, name)
  })

  test.each<[string, { [name: string]: Uint8Array }, RegExp]>([
    ['a folder without an index', {}, /no 'index\.json'/],
    ['a folder without its tensors', { 'index.json': files['index.json']! }, /no 'elementwise\.safetensors'/],
    ['another format', { 'index.json': text({ format: 2, cases: [] }) }, /format 2/],
    ['an index that is not JSON', { 'index.json': new Uint8Array([123]) }, /not JSON/],
    ['a case without tolerances', { 'index.json': text({ format: 1, cases: [{ id: 'x.0' }] }) }, /case x\.0/],
  ])('refuses %s', (_, given, message) => {
    expect(() => loadSuite(given)).toThrow(message)
  })

  test('says which case needs a tensor that is missing', () => {
    const suite = loadSuite(files)
    expect(() => suite.tensor(suite.cases[0]!, 'nowhere')).toThrow(/'nowhere', which case neg\.0 needs/)
  })
})
