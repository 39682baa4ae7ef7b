import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../strategy/random.ts'
import { randomBlocks } from '../testing/random-blocks.ts'
import { Fits } from './fits.ts'
import { instanceOf } from './instance.ts'

test('finds the block of highest priority that lives within some moments and at one of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fffffff }), fc.integer({ min: 1, max: 30 }), (seed, blocks) => {
      const random = new Random(seed)
      const instance = instanceOf(randomBlocks(random, blocks, 1, 40))
      const { count, from: starts, to: ends, moments } = instance
      const fits = new Fits(instance)
      const priority = Float64Array.from({ length: count }, (_, i) => 100 * random.below(100) + i)
      fits.reset(priority)
      const left = new Set(priority.keys())
      for (let turn = 0; turn < 60 && left.size > 0; turn++) {
        const from = random.below(moments)
        const to = from + 1 + random.below(moments - from)
        const over = random.below(2) === 0 ? -1 : from + random.below(to - from)
        const wanted = [...left]
          .filter(i => starts[i]! >= from && ends[i]! < to)
          .filter(i => over < 0 || (starts[i]! <= over && over <= ends[i]!))
          .reduce((a, b) => (a < 0 || priority[b]! > priority[a]! ? b : a), -1)
        expect(fits.find(from, to, over)).toBe(wanted)
        if (wanted < 0) continue
        fits.remove(wanted)
        left.delete(wanted)
        expect(fits.has(wanted)).toBe(false)
      }
    }),
    { seed: 31, numRuns: 200 },
  )
})
