import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../strategy/random.ts'
import { Loads } from './loads.ts'

test('adds to ranges and finds the largest, and where it is first, as a list does', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fffffff }), fc.integer({ min: 1, max: 40 }), (seed, count) => {
      const random = new Random(seed)
      const list = Array.from({ length: count }, () => random.below(10))
      const loads = new Loads(count)
      loads.set(list, count)
      for (let turn = 0; turn < 40; turn++) {
        const from = random.below(count)
        const to = from + 1 + random.below(count - from)
        if (random.below(2) === 0) {
          const value = random.below(9) - 4
          loads.add(from, to, value)
          for (let m = from; m < to; m++) list[m]! += value
        } else {
          loads.find(from, to)
          const value = Math.max(...list.slice(from, to))
          expect([loads.value, loads.moment]).toEqual([value, list.indexOf(value, from)])
        }
      }
    }),
    { seed: 31, numRuns: 200 },
  )
})
