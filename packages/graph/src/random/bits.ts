import { philox4x32 } from './philox.ts'

const block = new Uint32Array(4)

/**
 * Random bits of logical elements start … start + n − 1, to `out`. The layout, once and for all:
 *
 * - Philox key: words 0 and 1 of philox(counter = [seed, 0, 0, 0], key = key of the path)
 * - Philox counter: [block low, block high, step, call], where element i is word i mod 4 of block ⌊i / 4⌋
 *
 * So element i depends on seed, path, call, step and i, and on nothing else. Allocates nothing.
 */
export function randomBitsOf(
  seed: number,
  step: number,
  key0: number,
  key1: number,
  call: number,
  start: number,
  out: Uint32Array,
  at: number,
  n: number,
): void {
  philox4x32(seed, 0, 0, 0, key0, key1, block)
  const k0 = block[0]!
  const k1 = block[1]!
  let have = -1
  for (let i = 0; i < n; i++) {
    const element = start + i
    const index = Math.floor(element / 4)
    if (index !== have) {
      philox4x32(index, Math.floor(index / 0x100000000), step, call, k0, k1, block)
      have = index
    }
    out[at + i] = block[element % 4]!
  }
}

/** The top 24 bits as a number in [0, 1), exact in f32. */
export function unit(bits: number): number {
  return (bits >>> 8) * 2 ** -24
}
