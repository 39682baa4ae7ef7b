import { DataError } from '../error.ts'

/**
 * The content of a gzip file (RFC 1952) of one member, in one array.
 *
 * @param path The file that errors name.
 * @throws DataError NOT_GZIP, GZIP_TRUNCATED, GZIP_CORRUPT (a checksum that does not fit, bytes after the end).
 */
export async function gunzip(bytes: Uint8Array, path?: string): Promise<Uint8Array> {
  if (bytes.length < 2 || bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    throw new DataError('NOT_GZIP', 'Not a gzip file', {
      path,
      expected: 'a file that begins with the bytes 1f 8b',
      got: bytes.length === 0 ? 'an empty file' : hex(bytes.subarray(0, 4)),
    })
  }
  try {
    return await inflate(bytes)
  } catch (error) {
    throw refused(error, bytes, path)
  }
}

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new DecompressionStream('gzip')
  const writer = stream.writable.getWriter()
  // What is wrong with the input comes out at the reading end; here it would only be reported a second time.
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => {})
  writer.close().catch(() => {})
  const reader = stream.readable.getReader()
  let content = new Uint8Array(likelySize(bytes))
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (length + value.length > content.length) content = grown(content, length + value.length)
    content.set(value, length)
    length += value.length
  }
  // Some platforms read on into another file behind this one, others refuse it; so that all do, its size is compared.
  if (length % 0x1_0000_0000 !== statedSize(bytes)) throw new TypeError('trailing data')
  return length === content.length ? content : content.slice(0, length)
}

/** The size of the content, modulo 2³², as the last four bytes of the file state it. */
function statedSize(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true)
}

/** The stated size, where that is credible: so the content is allocated once. */
function likelySize(bytes: Uint8Array): number {
  if (bytes.length < 18) return 0
  return Math.min(statedSize(bytes), 16 * bytes.length)
}

function grown(content: Uint8Array, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(least, 2 * content.length))
  larger.set(content)
  return larger
}

/** Node tells a truncated file by a code, browsers by their message. */
function refused(error: unknown, bytes: Uint8Array, path: string | undefined): DataError {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const got = `${bytes.length} bytes`
  if (
    code === 'Z_BUF_ERROR' ||
    /truncated|unexpected end|end of file|ended without|incomplete/i.test(String(message))
  ) {
    const hint = 'Fetch the file again: a part of it is missing'
    return new DataError('GZIP_TRUNCATED', 'The gzip file ends too early', { path, got, hint, cause: error })
  }
  return new DataError('GZIP_CORRUPT', 'The gzip file is damaged', {
    path,
    expected: 'content that fits its checksum, and nothing after it',
    got: `${got} (${String(message)})`,
    hint: 'Fetch the file again',
    cause: error,
  })
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ')
}
