import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../strategy/random.ts'
import { block, liveBytes, randomBlocks } from '../testing/random-blocks.ts'
import { instanceOf } from './instance.ts'

test('segments share a moment exactly if they meet in time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fffffff }), seed => {
      const blocks = randomBlocks(new Random(seed), 12, 1, 30)
      const { start, end, moments, bytes, peak, index, first } = instanceOf(blocks)
      const segments = blocks.flatMap(b => b.segments).filter(s => s.bytes > 0)
      expect([...bytes]).toEqual(segments.map(s => s.bytes))
      expect([...index]).toEqual(blocks.flatMap((b, i) => (b.bytes > 0 ? [i] : [])))
      expect(first.at(-1)).toBe(segments.length)
      for (const [i, s] of segments.entries()) {
        expect(0 <= start[i]! && start[i]! <= end[i]! && end[i]! < moments).toBe(true)
        for (const [j, u] of segments.entries())
          expect(start[i]! <= end[j]! && start[j]! <= end[i]!).toBe(s.from <= u.to && u.from <= s.to)
      }
      expect(peak).toBe(liveBytes(blocks))
    }),
    { seed: 31, numRuns: 100 },
  )
})

test('what lives within others adds no moment unless it ends', () => {
  expect(instanceOf([block(0, 9, 1), block(1, 9, 1), block(2, 9, 1)]).moments).toBe(1)
  expect(instanceOf([block(0, 9, 1), block(1, 2, 1), block(4, 5, 1)]).moments).toBe(2)
  expect(instanceOf([]).moments).toBe(0)
})
