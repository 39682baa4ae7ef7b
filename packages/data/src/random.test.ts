import { describe, expect, test } from 'vitest'
import { checkCounter, draws, shuffle } from './random.ts'

const count = 20_000

/** Of pairs of bits, the share that are equal: a half when they know nothing of each other. */
function agreement(a: (i: number) => number, b: (i: number) => number): number {
  let equal = 0
  for (let i = 0; i < count; i++) equal += 32 - ones((a(i) ^ b(i)) >>> 0)
  return equal / (32 * count)
}

function ones(x: number): number {
  let n = 0
  for (let bits = x; bits !== 0; bits = (bits & (bits - 1)) >>> 0) n++
  return n
}

describe('draws', () => {
  test('are these numbers, on every machine', () => {
    const draw = draws(1, 2, 3)
    expect([0, 1, 2, 1_000_000].map(draw)).toEqual([1695183627, 3292263743, 4226209796, 3475852960])
  })

  test('do not depend on what was drawn before', () => {
    const draw = draws(7, 0, 0)
    const forward = Array.from({ length: 10 }, (_, i) => draw(i))
    expect(Array.from({ length: 10 }, (_, i) => draw(9 - i)).reverse()).toEqual(forward)
  })

  test('fill every range evenly', () => {
    for (const [seed, stream, epoch] of [
      [0, 0, 0],
      [0, 0, 1],
      [1, 2, 0],
      [2 ** 53 - 1, 1, 4_000_000_000],
    ] as const) {
      const draw = draws(seed, stream, epoch)
      const bins = new Array<number>(100).fill(0)
      for (let i = 0; i < count; i++) bins[Math.floor((draw(i) / 2 ** 32) * 100)]! += 1
      const chiSquare = bins.reduce((sum, n) => sum + (n - count / 100) ** 2 / (count / 100), 0)
      // 99 degrees of freedom: outside this once in ten thousand times.
      expect(chiSquare).toBeGreaterThan(52)
      expect(chiSquare).toBeLessThan(161)
    }
  })

  test('of neighbouring seeds, streams, epochs and positions have nothing in common', () => {
    const draw = draws(5, 1, 9)
    const others = [draws(6, 1, 9), draws(5, 2, 9), draws(5, 1, 10), draws(5 + 2 ** 32, 1, 9), draws(9, 1, 5)]
    // Six standard deviations of a share of 640,000 bits.
    const width = 6 * Math.sqrt(0.25 / (32 * count))
    for (const other of [...others, (i: number) => draw(i + 1)]) {
      expect(Math.abs(agreement(draw, other) - 0.5)).toBeLessThan(width)
    }
  })
})

test('a shuffle puts every element in every place equally often', () => {
  const places = new Array<number>(25).fill(0)
  for (let epoch = 0; epoch < 5000; epoch++) {
    const order = [0, 1, 2, 3, 4]
    shuffle(5, draws(3, 0, epoch), (i, j) => {
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    })
    for (const [place, element] of order.entries()) places[5 * place + element]! += 1
  }
  for (const times of places) expect(Math.abs(times - 1000)).toBeLessThan(5 * Math.sqrt(800))
})

test('counters outside their range are refused', () => {
  for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 101]) {
    expect(() => checkCounter('The seed', value, 100)).toThrow(/The seed is not usable; expected .* 0 to 100/)
  }
  checkCounter('The seed', 0, 100)
  checkCounter('The seed', 100, 100)
})
