import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Dataset, dataset } from '../dataset.ts'
import { type Batch, batches, Loader } from './loader.ts'

const runs = process.env.STINT_FULL === '1' ? 2000 : 100

/** Rows of shape [1, 2, 3] whose values say which row and which place they come from: 100 · row + place. */
function numbered(rows: number): Dataset {
  return dataset({
    x: Float32Array.from({ length: 6 * rows }, (_, i) => 100 * Math.floor(i / 6) + (i % 6)),
    y: Int32Array.from({ length: rows }, (_, row) => row % 3),
    xShape: [1, 2, 3],
    classes: 3,
  })
}

/** What an epoch deals out, copied out of the buffers. */
const copy = ({ x, y, rows, indices }: Batch) => ({ x: [...x], y: [...y], rows, indices: [...indices] })
const all = (epoch: Iterable<Batch>) => Array.from(epoch, copy)
const order = (epoch: Iterable<Batch>) => all(epoch).flatMap(batch => batch.indices)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const byValue = (a: number, b: number) => a - b
const code = (expected: string) => expect.objectContaining({ name: 'DataError', code: expected })

describe('an epoch', () => {
  test('deals out every row once, whole and with its label', () => {
    const options = fc.record({
      batch: fc.integer({ min: 1, max: 40 }),
      seed: fc.maxSafeNat(),
      shuffle: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), options, fc.nat(5), (rows, given, epoch) => {
        const set = numbered(rows)
        const loader = new Loader(set, given)
        const dealt = all(loader.epoch(epoch))
        expect(dealt.length).toBe(loader.batchesPerEpoch)
        expect(dealt.flatMap(batch => batch.indices).sort(byValue)).toEqual(upTo(rows))
        for (const { x, y, rows: n, indices } of dealt) {
          expect([x.length, y.length, indices.length]).toEqual([6 * n, n, n])
          expect(x).toEqual(indices.flatMap(row => [...set.x.subarray(6 * row, 6 * row + 6)]))
          expect(y).toEqual(indices.map(row => set.y[row]))
        }
      }),
      { seed: 6, numRuns: runs },
    )
  })

  test('ends with a short batch, or without it', () => {
    const rows = (options: { batch: number; dropLast?: boolean }) =>
      all(new Loader(numbered(10), options).epoch(0)).map(batch => batch.rows)
    expect(rows({ batch: 4 })).toEqual([4, 4, 2])
    expect(rows({ batch: 4, dropLast: true })).toEqual([4, 4])
    expect(rows({ batch: 5 })).toEqual([5, 5])
    expect(rows({ batch: 10, dropLast: true })).toEqual([10])
    expect(rows({ batch: 64 })).toEqual([10])
  })

  test('has a number of batches and rows known before', () => {
    const counts = (options: { batch: number; dropLast?: boolean }) => {
      const loader = new Loader(numbered(10), options)
      return [loader.batchesPerEpoch, loader.rowsPerEpoch]
    }
    expect(counts({ batch: 4 })).toEqual([3, 10])
    expect(counts({ batch: 4, dropLast: true })).toEqual([2, 8])
    expect(counts({ batch: 64 })).toEqual([1, 10])
  })

  test('without shuffling has the order of the data set', () => {
    expect(order(batches(numbered(10), { batch: 4, shuffle: false, epoch: 3 }))).toEqual(upTo(10))
  })
})

describe('the order', () => {
  test('is this one, on every machine', () => {
    const dealt = [0, 1].map(epoch => order(batches(numbered(10), { batch: 4, seed: 1, epoch })))
    expect(dealt).toEqual([
      [6, 0, 3, 1, 7, 8, 4, 2, 9, 5],
      [1, 8, 7, 9, 6, 0, 3, 2, 4, 5],
    ])
  })

  test('depends on seed and epoch, and on nothing that came before', () => {
    const loader = new Loader(numbered(50), { batch: 8, seed: 1 })
    const orders = upTo(4).map(epoch => order(loader.epoch(epoch)))
    for (const epoch of [3, 0, 2, 1, 1]) {
      expect(order(loader.epoch(epoch))).toEqual(orders[epoch])
      expect(order(batches(numbered(50), { batch: 13, seed: 1, epoch }))).toEqual(orders[epoch])
    }
    const others = [2, 3, 2 ** 32 + 1].map(seed => order(batches(numbered(50), { batch: 8, seed })))
    expect(new Set([...orders, ...others].map(String)).size).toBe(7)
  })

  test('can be taken up in the middle', () => {
    const loader = new Loader(numbered(10), { batch: 4, seed: 1 })
    const whole = all(loader.epoch(2))
    expect(all(loader.epoch(2, 1))).toEqual(whole.slice(1))
    expect(all(loader.epoch(2, 3))).toEqual([])
    expect(() => loader.epoch(2, 4)).toThrow(code('OPTION'))
  })
})

describe('buffers', () => {
  test('are the same for all batches of all epochs', () => {
    const loader = new Loader(numbered(10), { batch: 4 })
    const seen = [...loader.epoch(0), ...loader.epoch(1)]
    for (const field of ['x', 'y', 'indices'] as const) {
      expect(new Set(seen.map(batch => batch[field].buffer)).size).toBe(1)
    }
    // One object for full batches and one for the short one.
    expect(new Set(seen).size).toBe(2)
  })

  test('are counted in bytes, and no larger than the data needs', () => {
    const x = 4 * 6 * 4
    const [y, indices, positions] = [4 * 4, 4 * 4, 10 * 4]
    expect(new Loader(numbered(10), { batch: 4 }).bytes).toBe(x + y + indices + positions)
    expect(new Loader(numbered(10), { batch: 4, shuffle: false }).bytes).toBe(x + y + indices)
    const whole = new Loader(numbered(10), { batch: 1_000_000_000, shuffle: false })
    expect(whole.bytes).toBe(10 * (6 * 4 + 4 + 4))
  })

  test('are of the kind of the data set', () => {
    const bytes = dataset({ x: Uint8Array.of(1, 255), y: Uint8Array.of(0, 1), xShape: [1], classes: 2 })
    const [batch] = all(batches(bytes, { batch: 2, shuffle: false }))
    expect(batch).toEqual({ x: [1, 255], y: [0, 1], rows: 2, indices: [0, 1] })
    const [kept] = batches(bytes, { batch: 2 })
    expect(kept?.x).toBeInstanceOf(Uint8Array)
    expect(kept?.y).toBeInstanceOf(Uint8Array)
  })

  test('are not allocated anew while epochs go by', () => {
    const set = dataset({
      x: new Uint8Array(2000 * 784),
      y: new Int32Array(2000),
      xShape: [1, 28, 28],
      classes: 10,
    })
    const loader = new Loader(set, { batch: 64, flip: true })
    const pass = (epoch: number) => {
      for (const { rows } of loader.epoch(epoch)) expect(rows).toBeGreaterThan(0)
    }
    pass(0)
    globalThis.gc?.()
    const before = process.memoryUsage().arrayBuffers
    for (let epoch = 1; epoch < 5; epoch++) pass(epoch)
    // Nothing was collected in between, so what had been allocated would still count.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 784)
    globalThis.gc?.()
    expect(process.memoryUsage().arrayBuffers).toBeLessThanOrEqual(before)
  })

  test('serve one epoch at a time', () => {
    const loader = new Loader(numbered(10), { batch: 4 })
    const first = loader.epoch(0)
    first.next()
    const second = loader.epoch(1)
    expect(() => first.next()).toThrow(code('STALE_EPOCH'))
    expect(order(second).length).toBe(10)
    // One that was left early is no hindrance.
    for (const _ of loader.epoch(2)) break
    expect(order(loader.epoch(3)).length).toBe(10)
  })
})

describe('flipping', () => {
  const unflipped = [0, 1, 2, 3, 4, 5]
  const flipped = [2, 1, 0, 5, 4, 3]

  /** Which rows an epoch mirrors. */
  function mirrored(
    rows: number,
    epoch: number,
    options: { batch: number; seed?: number; shuffle?: boolean },
  ) {
    const seen = new Map<number, boolean>()
    for (const { x, indices } of batches(numbered(rows), { ...options, flip: true, epoch })) {
      for (const [i, row] of indices.entries()) {
        const places = Array.from(x.subarray(6 * i, 6 * i + 6), value => value - 100 * row)
        expect([unflipped, flipped]).toContainEqual(places)
        seen.set(row, places[0] === 2)
      }
    }
    return upTo(rows).map(row => seen.get(row))
  }

  test('mirrors half of the images, left to right, others in each epoch', () => {
    const [first, second] = [0, 1].map(epoch => mirrored(1000, epoch, { batch: 64 }))
    const count = (flags: unknown[]) => flags.filter(flag => flag === true).length
    // Six standard deviations of 16 each.
    expect(Math.abs(count(first!) - 500)).toBeLessThan(95)
    expect(Math.abs(count(first!.map((flag, row) => flag !== second![row])) - 500)).toBeLessThan(95)
  })

  test('depends on seed, epoch and row, not on the batch or the order', () => {
    const flags = mirrored(100, 2, { batch: 7, seed: 5 })
    expect(mirrored(100, 2, { batch: 100, seed: 5, shuffle: false })).toEqual(flags)
    expect(mirrored(100, 2, { batch: 7, seed: 6 })).not.toEqual(flags)
  })

  test('mirrors every channel for itself', () => {
    const set = dataset({ x: Uint8Array.of(1, 2, 3, 4), y: Int32Array.of(0), xShape: [2, 1, 2], classes: 1 })
    const seen = new Set(
      upTo(20).flatMap(epoch => all(batches(set, { batch: 1, flip: true, epoch })).map(b => `${b.x}`)),
    )
    expect([...seen].sort()).toEqual(['1,2,3,4', '2,1,4,3'])
  })

  test('is for images', () => {
    const set = { ...numbered(4), xShape: [6] }
    expect(() => new Loader(set, { batch: 1, flip: true })).toThrow(code('SHAPE'))
  })
})

describe('what is refused', () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '64' as unknown as number])(
    'a batch size of %j',
    batch => {
      expect(() => new Loader(numbered(4), { batch })).toThrow(code('BATCH_SIZE'))
      expect(() => batches(numbered(4), { batch })).toThrow(
        /batch size is not usable; expected .* above zero, got/,
      )
    },
  )

  test('a batch that would always be left out', () => {
    expect(() => new Loader(numbered(4), { batch: 5, dropLast: true })).toThrow(code('BATCH_SIZE'))
  })

  test('seeds and epochs that are not whole, at once', () => {
    expect(() => new Loader(numbered(4), { batch: 1, seed: -1 })).toThrow(code('OPTION'))
    expect(() => new Loader(numbered(4), { batch: 1, seed: 2 ** 53 })).toThrow(code('OPTION'))
    expect(() => new Loader(numbered(4), { batch: 1 }).epoch(0.5)).toThrow(code('OPTION'))
    expect(() => batches(numbered(4), { batch: 1, epoch: 2 ** 32 })).toThrow(code('OPTION'))
  })

  test('data that is wrong', () => {
    const set = numbered(4)
    set.x[3] = Number.NaN
    expect(() => new Loader(set, { batch: 1 })).toThrow(code('NOT_FINITE'))
    expect(() => new Loader({ ...numbered(4), classes: 2 }, { batch: 1 })).toThrow(code('LABEL_RANGE'))
    expect(() => new Loader({ ...numbered(4), rows: 3 }, { batch: 1 })).toThrow(code('COUNT_MISMATCH'))
  })
})
