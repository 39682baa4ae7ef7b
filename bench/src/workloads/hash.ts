/**
 * A counter-based hash: number `i` of stream `seed`, 32 bits, by the finaliser of MurmurHash3 (Appleby 2011). Weights
 * and batches of every peer come from it, so that all of them start from the same numbers.
 */
export function hash(i: number, seed: number): number {
  let x = (i + Math.imul(seed, 0x9e3779b9)) | 0
  x ^= x >>> 16
  x = Math.imul(x, 0x85ebca6b)
  x ^= x >>> 13
  x = Math.imul(x, 0xc2b2ae35)
  x ^= x >>> 16
  return x >>> 0
}

/** Number `i` of stream `seed`, in [−scale, scale). */
export function uniformAt(i: number, seed: number, scale = 1): number {
  return (hash(i, seed) / 2147483648 - 1) * scale
}

/** The first `count` numbers of stream `seed`, in [−scale, scale). */
export function uniform(count: number, seed: number, scale = 1): Float32Array {
  const data = new Float32Array(count)
  for (let i = 0; i < count; i++) data[i] = uniformAt(i, seed, scale)
  return data
}
