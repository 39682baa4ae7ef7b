import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DataError } from '../error.ts'
import { gunzip } from './gunzip.ts'

const runs = process.env.STINT_FULL === '1' ? 2000 : 100
const text = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) >>> 5)

async function codeOf(bytes: Uint8Array): Promise<string> {
  try {
    await gunzip(bytes, 'some.gz')
    return 'none'
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    expect(error.path).toBe('some.gz')
    return error.code
  }
}

describe('gunzip', () => {
  test('gives back what was compressed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.nat(300), async (bytes, repeats) => {
        const content = new Uint8Array(bytes.length * repeats)
        for (let i = 0; i < repeats; i++) content.set(bytes, i * bytes.length)
        expect(Buffer.compare(await gunzip(gzipSync(content)), content)).toBe(0)
      }),
      { seed: 2, numRuns: runs },
    )
  })

  test('gives an array no larger than the content, even when much was saved', async () => {
    for (const content of [text, new Uint8Array(1_000_000), new Uint8Array(0)]) {
      const result = await gunzip(gzipSync(content))
      expect(result.length).toBe(content.length)
      expect(result.buffer.byteLength).toBe(content.length)
    }
  })

  test('reads from the middle of a larger buffer', async () => {
    const padded = Buffer.concat([Buffer.from('before'), gzipSync(text), Buffer.from('after')])
    expect(Buffer.compare(await gunzip(padded.subarray(6, padded.length - 5)), text)).toBe(0)
  })

  test('refuses what is not gzip', async () => {
    expect(await codeOf(new Uint8Array(0))).toBe('NOT_GZIP')
    expect(await codeOf(Uint8Array.of(0x1f))).toBe('NOT_GZIP')
    expect(await codeOf(new TextEncoder().encode('0,0,5,13'))).toBe('NOT_GZIP')
    await expect(gunzip(new TextEncoder().encode('PK!'), 'some.gz')).rejects.toThrow(
      'some.gz: Not a gzip file; expected a file that begins with the bytes 1f 8b, got 50 4b 21',
    )
  })

  test('refuses a file that was cut off, wherever', async () => {
    const whole = gzipSync(text)
    for (const length of [2, 5, 10, 11, 17, 18, 1000, whole.length - 9, whole.length - 8, whole.length - 1]) {
      expect(await codeOf(whole.subarray(0, length))).toBe('GZIP_TRUNCATED')
    }
  })

  test('refuses damage', async () => {
    const whole = gzipSync(text)
    for (const at of [2, whole.length >> 1, whole.length - 6, whole.length - 2]) {
      const damaged = Uint8Array.from(whole)
      damaged[at]! ^= 0x55
      expect(await codeOf(damaged)).toMatch(/^GZIP_/)
    }
  })

  test('refuses anything behind the end, another gzip file included', async () => {
    const whole = gzipSync(text)
    expect(await codeOf(Buffer.concat([whole, Buffer.from('junk')]))).toBe('GZIP_CORRUPT')
    expect(await codeOf(Buffer.concat([whole, whole]))).toBe('GZIP_CORRUPT')
  })
})
