import { DataError, show } from './error.ts'

/** A source of numbers: draw `i` is the same whatever was drawn before it. */
export type Draws = (i: number) => number

/**
 * Draws of 32 uniform bits, each a function of (seed, stream, epoch, i) alone, in integer arithmetic: the same on every
 * machine. Good for shuffling and augmentation; not for secrets.
 */
export function draws(seed: number, stream: number, epoch: number): Draws {
  const words = [seed >>> 0, Math.floor(seed / 0x1_0000_0000), stream, epoch]
  let a = 0x9e3779b9
  for (const word of words) a = mix(a ^ mix((word + 0x9e3779b9) | 0)) + 0x7f4a7c15
  const key = mix(a)
  const second = mix(key ^ 0x85ebca6b)
  return i => mix(mix(Math.imul(i, 0x9e3779b1) + key) ^ second) >>> 0
}

/**
 * A bijection of 32-bit integers in which every bit of the input flips every bit of the result with a chance close to a half
 * (Wellons, "Prospecting for Hash Functions", 2018: lowbias32).
 */
function mix(x: number): number {
  let h = x
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return h ^ (h >>> 16)
}

/**
 * Shuffles positions 0 to count - 1 by exchanging pairs (Fisher and Yates; Knuth, TAOCP 3.4.2, algorithm P). A position is
 * drawn as floor(bits · (i + 1) / 2³²), whose bias is below (i + 1) / 2³².
 */
export function shuffle(count: number, draw: Draws, exchange: (i: number, j: number) => void): void {
  for (let i = count - 1; i > 0; i--) exchange(i, Math.floor((draw(i) / 0x1_0000_0000) * (i + 1)))
}

/** Refuses a seed or an epoch that the draws could not tell from another. */
export function checkCounter(name: string, value: number, limit: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= limit) return
  throw new DataError('OPTION', `${name} is not usable`, {
    expected: `a whole number from 0 to ${limit}`,
    got: show(value),
  })
}
