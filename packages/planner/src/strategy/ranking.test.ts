import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ranking } from './ranking.ts'

test('gives the number of the largest worth that is left, whatever is pushed meanwhile', () => {
  const ranking = new Ranking(4)
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(12)), { maxLength: 60 }), turns => {
      ranking.clear()
      const left = new Map<number, number>()
      let pushed = 0
      for (const worth of turns) {
        if (worth !== null) {
          ranking.push(worth)
          left.set(pushed++, worth)
          continue
        }
        const most = Math.max(...left.values())
        expect(ranking.most).toBe(most)
        const top = ranking.pop()
        if (left.size === 0) expect(top).toBe(-1)
        else expect(left.get(top)).toBe(most)
        left.delete(top)
      }
    }),
    { seed: 11, numRuns: 500 },
  )
})
