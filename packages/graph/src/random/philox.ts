/**
 * Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011): 128 random bits that are a function of a 128-bit counter and a
 * 64-bit key. Writes four words to `out` at `at`; allocates nothing.
 */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
  at = 0,
): void {
  let [a, b, c, d] = [c0 | 0, c1 | 0, c2 | 0, c3 | 0]
  let [p, q] = [k0 | 0, k1 | 0]
  for (let round = 0; round < 10; round++) {
    const highA = mulHigh(a, 0xd2511f53)
    const lowA = Math.imul(a, 0xd2511f53)
    const highC = mulHigh(c, 0xcd9e8d57)
    const lowC = Math.imul(c, 0xcd9e8d57)
    a = highC ^ b ^ p
    b = lowC
    c = highA ^ d ^ q
    d = lowA
    p = (p + 0x9e3779b9) | 0
    q = (q + 0xbb67ae85) | 0
  }
  out[at] = a
  out[at + 1] = b
  out[at + 2] = c
  out[at + 3] = d
}

/** Upper 32 bits of the product of two unsigned 32-bit numbers, by 16-bit halves. */
function mulHigh(x: number, y: number): number {
  const x0 = x & 0xffff
  const x1 = x >>> 16
  const y0 = y & 0xffff
  const y1 = y >>> 16
  const low = x0 * y0
  const middle = x1 * y0 + (low >>> 16)
  const cross = x0 * y1 + (middle % 0x10000)
  return (x1 * y1 + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) | 0
}
