import { log } from '../math/log.ts'
import { cos } from '../math/trigonometry.ts'
import { randomBitsOf, unit } from './bits.ts'

const word = new Uint32Array(2)

/** A number in [0, 1): element `index` of the stream of a path, on the host. For initial values. */
export function uniformAt(seed: number, key: readonly [number, number], index: number): number {
  randomBitsOf(seed, 0, key[0], key[1], 0, index, word, 0, 1)
  return unit(word[0]!)
}

/** A standard normal number (Box & Muller 1958): element `index` of the stream of a path, from elements 2i and 2i + 1 of call 1. */
export function normalAt(seed: number, key: readonly [number, number], index: number): number {
  randomBitsOf(seed, 0, key[0], key[1], 1, 2 * index, word, 0, 2)
  const radius = Math.sqrt(-2 * log((word[0]! + 0.5) * 2 ** -32))
  return radius * cos(2 * Math.PI * unit(word[1]!))
}
