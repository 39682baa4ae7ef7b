import { StintError } from '@stint/graph'

/** A stored tensor: row-major numbers and their shape. */
export interface Tensor {
  readonly dtype: 'f32' | 'i32'
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array
}

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [begin: number, end: number]
}

/**
 * Reads a safetensors file of F32 and I32 tensors: 8 bytes little-endian length, that many bytes of JSON, raw data.
 * Throws StintError (`SAFETENSORS`) where the file is truncated or its header does not fit its data.
 * https://github.com/huggingface/safetensors
 */
export function readSafetensors(bytes: Uint8Array): Map<string, Tensor> {
  const { header, data } = split(bytes)
  const tensors = new Map<string, Tensor>()
  for (const [name, entry] of Object.entries(header))
    if (name !== '__metadata__') tensors.set(name, read(name, entry as Entry, data))
  return tensors
}

function split(bytes: Uint8Array): { header: object; data: Uint8Array } {
  if (bytes.byteLength < 8) throw broken('the file ends before its header', `${bytes.byteLength} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = Number(view.getBigUint64(0, true))
  if (length > bytes.byteLength - 8)
    throw broken('the file ends inside its header', `${bytes.byteLength} bytes`)
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length))
  let header: unknown
  try {
    header = JSON.parse(text)
  } catch {
    throw broken('the header is not JSON', text.slice(0, 40))
  }
  if (typeof header !== 'object' || header === null)
    throw broken('the header is not an object', text.slice(0, 40))
  return { header, data: bytes.subarray(8 + length) }
}

function read(name: string, entry: Entry, data: Uint8Array): Tensor {
  const { dtype, shape, data_offsets: offsets } = entry
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every(n => Number.isSafeInteger(n) && n >= 0)
  if ((dtype !== 'F32' && dtype !== 'I32') || !whole(shape) || !whole(offsets) || offsets.length !== 2)
    throw broken(`the entry of '${name}' is wrong`, JSON.stringify(entry))
  const [begin, end] = offsets as [number, number]
  const size = shape.reduce((n, d) => n * d, 1)
  if (end > data.byteLength || end - begin !== size * 4)
    throw broken(`the data of '${name}' do not fit`, `bytes ${begin} to ${end} of ${data.byteLength}`)
  // A copy: the data may not be aligned where they are. (`slice` of Node's Buffer would share them.)
  const { buffer } = new Uint8Array(data.subarray(begin, end))
  return dtype === 'F32'
    ? { dtype: 'f32', shape, data: new Float32Array(buffer) }
    : { dtype: 'i32', shape, data: new Int32Array(buffer) }
}

function broken(what: string, got: string): StintError {
  return new StintError('SAFETENSORS', what, { got, hint: 'Copy the file again.' })
}
