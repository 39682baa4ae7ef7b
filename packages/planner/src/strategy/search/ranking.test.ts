import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ranking } from './ranking.ts'

test('gives numbers by worth, the largest first, and of equal worth the least number', () => {
  const ranking = new Ranking(40)
  fc.assert(
    fc.property(fc.array(fc.nat(12), { maxLength: 40 }), worths => {
      ranking.clear()
      for (const w of worths) ranking.add(w)
      ranking.order()
      const wanted = [...worths.keys()].sort((a, b) => worths[b]! - worths[a]! || a - b)
      for (const k of wanted) {
        expect(ranking.most).toBe(worths[k])
        expect(ranking.pop()).toBe(k)
      }
      expect(ranking.most).toBe(Number.NEGATIVE_INFINITY)
    }),
    { seed: 11, numRuns: 300 },
  )
})
