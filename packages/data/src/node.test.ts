import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Dataset, rowSize } from './dataset.ts'
import { digits, fashionMnist } from './node.ts'

const files = fileURLToPath(new URL('../files', import.meta.url))
const code = (expected: string) => expect.objectContaining({ name: 'DataError', code: expected })

function perClass({ y, classes }: Dataset): number[] {
  const counts = new Array<number>(classes).fill(0)
  for (const label of y) counts[label]! += 1
  return counts
}

/** Bytes that live on. A collection may find another one under way, which keeps what died since it began: hence three. */
async function arrayBuffersInUse(): Promise<number> {
  for (let times = 0; times < 3; times++) {
    await new Promise(resolve => setTimeout(resolve, 5))
    globalThis.gc?.()
  }
  return process.memoryUsage().arrayBuffers
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16)

describe('Fashion-MNIST', () => {
  test('has 10,000 images to learn from and 2,000 to be judged by', async () => {
    const { train, test } = await fashionMnist()
    expect(train).toMatchObject({ rows: 10_000, xShape: [1, 28, 28], classes: 10 })
    expect(test).toMatchObject({ rows: 2000, xShape: [1, 28, 28], classes: 10 })
    expect(train.classNames?.[9]).toBe('Ankle boot')
    expect(train.x).toBeInstanceOf(Uint8Array)
    expect(train.y).toBeInstanceOf(Int32Array)
    // As published: the training set begins with an ankle boot, the test set too.
    expect([...train.y.subarray(0, 5)]).toEqual([9, 0, 0, 3, 0])
    expect([...test.y.subarray(0, 5)]).toEqual([9, 2, 1, 1, 6])
    for (const count of perClass(train)) expect(Math.abs(count - 1000)).toBeLessThan(100)
    for (const count of perClass(test)) expect(Math.abs(count - 200)).toBeLessThan(40)
  })

  test('holds the pixels of the file, in their order', async () => {
    const { test } = await fashionMnist()
    const file = gunzipSync(readFileSync(join(files, 'fashion-mnist/t10k-images-idx3-ubyte.gz')))
    expect(Buffer.compare(test.x as Uint8Array, file.subarray(16))).toBe(0)
  })

  test('is in memory once', async () => {
    await fashionMnist()
    const before = await arrayBuffersInUse()
    const { train, test } = await fashionMnist()
    const own = [train.x, train.y, test.x, test.y].reduce((bytes, array) => bytes + array.byteLength, 0)
    // 16 kB for the headers of the files and for what Node keeps of its streams.
    expect((await arrayBuffersInUse()) - before).toBeLessThan(own + 16_384)
    expect(train.x.buffer.byteLength).toBe(train.x.byteLength + 16)
  })
})

describe('the digits', () => {
  test('are split in five, one part of them for the test', async () => {
    const { train, test } = await digits()
    expect(train).toMatchObject({ rows: 1437, xShape: [64], classes: 10 })
    expect(test).toMatchObject({ rows: 360, xShape: [64], classes: 10 })
    expect(test.x.buffer).toBe(train.x.buffer)
    for (const count of perClass(train)) expect(count).toBeGreaterThan(120)
    for (const count of perClass(test)) expect(count).toBeGreaterThan(20)
    for (const value of train.x) expect(value >= 0 && value <= 1 && Number.isInteger(16 * value)).toBe(true)
  })

  test('are those of the file, each once', async () => {
    const { train, test } = await digits()
    const text = gunzipSync(readFileSync(join(files, 'digits/digits.csv.gz'))).toString()
    const given = [train, test].flatMap(set =>
      Array.from(set.y, (label, row) => {
        const pixels = set.x.subarray(row * rowSize(set), (row + 1) * rowSize(set))
        return [...Array.from(pixels, value => 16 * value), label].join(',')
      }),
    )
    expect(given.sort()).toEqual(text.trimEnd().split('\n').sort())
  })

  test('have this order, on every machine', async () => {
    const { train } = await digits()
    expect([...train.y.subarray(0, 12)]).toEqual([9, 1, 7, 7, 7, 9, 1, 8, 8, 2, 1, 7])
    expect(sha256(new Uint8Array(train.x.buffer))).toBe('f5d38791b4231002')
  })
})

describe('a folder of one’s own', () => {
  let dir = ''
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'stint data #1 '))
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const put = (name: string, bytes: Uint8Array | string) => writeFileSync(join(dir, name), bytes)
  const digitsFile = readFileSync(join(files, 'digits/digits.csv.gz'))

  test('is read instead, named as a path or as a URL', async () => {
    put('digits.csv.gz', gzipSync(gunzipSync(digitsFile).toString().split('\n').slice(0, 10).join('\n')))
    expect((await digits({ dir })).train.rows).toBe(8)
    expect((await digits({ dir: pathToFileURL(dir) })).test.rows).toBe(2)
    expect((await digits({ dir: pathToFileURL(`${dir}/`) })).test.rows).toBe(2)
  })

  test('without the files, or with others, is refused, and the file named', async () => {
    const path = join(dir, 'digits.csv.gz')
    rmSync(path, { force: true })
    await expect(digits({ dir })).rejects.toThrow(expect.objectContaining({ code: 'FILE_MISSING', path }))
    const refused = async (bytes: Uint8Array | string, expected: string) => {
      put('digits.csv.gz', bytes)
      await expect(digits({ dir })).rejects.toThrow(expect.objectContaining({ code: expected, path }))
    }
    await refused('0,0,5', 'NOT_GZIP')
    await refused(digitsFile.subarray(0, 20_000), 'GZIP_TRUNCATED')
    await refused(gzipSync('0,1,2\n'), 'CSV_FIELDS')
    await refused(gzipSync(`${'0,'.repeat(64)}10\n`), 'LABEL_RANGE')
    await refused(gzipSync(`${'0,'.repeat(63)}NaN,1\n`), 'CSV_NUMBER')
  })

  test('whose images and labels do not belong together is refused', async () => {
    for (const part of ['train', 't10k']) {
      copyFileSync(
        join(files, 'fashion-mnist/t10k-images-idx3-ubyte.gz'),
        join(dir, `${part}-images-idx3-ubyte.gz`),
      )
      copyFileSync(
        join(files, 'fashion-mnist/train-labels-idx1-ubyte.gz'),
        join(dir, `${part}-labels-idx1-ubyte.gz`),
      )
    }
    await expect(fashionMnist({ dir })).rejects.toThrow(code('COUNT_MISMATCH'))
    copyFileSync(join(dir, 'train-labels-idx1-ubyte.gz'), join(dir, 'train-images-idx3-ubyte.gz'))
    await expect(fashionMnist({ dir })).rejects.toThrow(code('IDX_MAGIC'))
  })
})
