import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../strategy/random.ts'
import { liveBytes, overlap, randomBlocks } from '../testing/random-blocks.ts'
import { instanceOf } from './instance.ts'
import { Packer } from './pack.ts'

test('packs without overlap by any priority, and gives up only where the limit cannot be kept', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fffffff }), fc.integer({ min: 1, max: 40 }), (seed, count) => {
      const random = new Random(seed)
      const blocks = randomBlocks(random, count, 1, 60).filter(b => b.bytes > 0)
      const instance = instanceOf(blocks)
      const packer = new Packer(instance)
      const priority = Float64Array.from(blocks, () => random.unit())
      for (const goal of [Number.POSITIVE_INFINITY, instance.peak]) {
        const top = packer.run(priority, goal, Number.POSITIVE_INFINITY)
        expect(overlap(blocks, packer.offsets)).toBe(undefined)
        expect(top).toBe(Math.max(0, ...blocks.map((b, i) => packer.offsets[i]! + b.bytes)))
        expect(top).toBeGreaterThanOrEqual(liveBytes(blocks))
        expect(packer.run(priority, goal, top + 1)).toBe(top)
        if (top === instance.peak) continue
        expect(packer.run(priority, goal, top)).toBe(Number.POSITIVE_INFINITY)
        expect(packer.conflict).toBeGreaterThanOrEqual(0)
      }
    }),
    { seed: 31, numRuns: 200 },
  )
})
