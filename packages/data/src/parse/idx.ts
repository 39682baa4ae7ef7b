import { DataError } from '../error.ts'

/** Arrays that an IDX file can hold. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array

/** An array as an IDX file holds it: `data [...shape]`, row-major. */
export interface IdxArray {
  readonly shape: readonly number[]
  readonly data: IdxData
}

interface Element {
  readonly bytes: number
  readonly read: (view: DataView, count: number) => IdxData
}

/** The element types by the third byte of the file; numbers are big-endian. */
const elements: { readonly [type: number]: Element } = {
  8: { bytes: 1, read: (v, n) => new Uint8Array(v.buffer, v.byteOffset, n) },
  9: { bytes: 1, read: (v, n) => new Int8Array(v.buffer, v.byteOffset, n) },
  11: { bytes: 2, read: (v, n) => Int16Array.from({ length: n }, (_, i) => v.getInt16(2 * i)) },
  12: { bytes: 4, read: (v, n) => Int32Array.from({ length: n }, (_, i) => v.getInt32(4 * i)) },
  13: { bytes: 4, read: (v, n) => Float32Array.from({ length: n }, (_, i) => v.getFloat32(4 * i)) },
  14: { bytes: 8, read: (v, n) => Float64Array.from({ length: n }, (_, i) => v.getFloat64(8 * i)) },
}

/** What a file must hold, as its first four bytes say: images are u8 of rank 3, labels are u8 of rank 1. */
export const idxMagic: { readonly images: number; readonly labels: number } = {
  images: 0x00000803,
  labels: 0x00000801,
}

/**
 * Reads an IDX file (LeCun, "The MNIST database", file formats). Arrays of bytes are views of `bytes`, not copies.
 *
 * @param expect `magic`: the only first four bytes that will do; `path`: the file that errors name.
 * @throws DataError IDX_MAGIC, IDX_TRUNCATED, IDX_TRAILING (more bytes than the header says).
 */
export function parseIdx(bytes: Uint8Array, expect: { magic?: number; path?: string } = {}): IdxArray {
  const { path } = expect
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { element, rank } = readMagic(view, expect)
  const start = 4 + 4 * rank
  if (bytes.length < start) throw truncated(`a header of ${start} bytes`, bytes, path)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  const count = shape.reduce((product, extent) => product * extent, 1)
  const end = start + count * element.bytes
  const wanted = `${end} bytes for shape [${shape.join(', ')}]`
  if (bytes.length < end) throw truncated(wanted, bytes, path)
  if (bytes.length > end) {
    throw new DataError('IDX_TRAILING', 'The IDX file is longer than its header says', {
      path,
      expected: wanted,
      got: String(bytes.length),
    })
  }
  return { shape, data: element.read(new DataView(bytes.buffer, bytes.byteOffset + start), count) }
}

/** Two zero bytes, the element type, the rank. */
function readMagic(
  view: DataView,
  expect: { magic?: number; path?: string },
): { element: Element; rank: number } {
  const magic = view.byteLength < 4 ? undefined : view.getUint32(0)
  const element = magic === undefined || magic > 0xffff ? undefined : elements[magic >>> 8]
  const rank = (magic ?? 0) & 0xff
  if (element !== undefined && rank > 0 && (expect.magic === undefined || expect.magic === magic)) {
    return { element, rank }
  }
  throw new DataError('IDX_MAGIC', 'Not the IDX file that was wanted', {
    path: expect.path,
    expected:
      expect.magic === undefined ? 'a type of 8, 9 or 11 to 14 and a rank above zero' : hex(expect.magic),
    got: magic === undefined ? `a file of ${view.byteLength} bytes` : hex(magic),
    hint: 'Images begin with 0x00000803, labels with 0x00000801; a gzip file must be decompressed first',
  })
}

function truncated(expected: string, bytes: Uint8Array, path: string | undefined): DataError {
  return new DataError('IDX_TRUNCATED', 'The IDX file ends too early', {
    path,
    expected,
    got: String(bytes.length),
    hint: 'Fetch the file again: a part of it is missing',
  })
}

function hex(magic: number): string {
  return `0x${magic.toString(16).padStart(8, '0')}`
}
