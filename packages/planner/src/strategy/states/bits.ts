/** Words of 32 bits that hold `count` bits. */
export function wordsFor(count: number): number {
  return (count + 31) >>> 5
}

export function bitSet(words: number, bits: Iterable<number>): Int32Array {
  const set = new Int32Array(words)
  for (const b of bits) addBit(set, b)
  return set
}

export function addBit(set: Int32Array, bit: number): void {
  set[bit >>> 5]! |= 1 << (bit & 31)
}

export function dropBit(set: Int32Array, bit: number): void {
  set[bit >>> 5]! &= ~(1 << (bit & 31))
}

export function hasBit(set: Int32Array, bit: number): boolean {
  return ((set[bit >>> 5]! >>> (bit & 31)) & 1) === 1
}

/** Whether all of `part` is in `whole`. */
export function isWithin(part: Int32Array, whole: Int32Array): boolean {
  for (let i = 0; i < part.length; i++) if ((part[i]! & ~whole[i]!) !== 0) return false
  return true
}

/** Whether two sets share a bit. */
export function meets(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if ((a[i]! & b[i]!) !== 0) return true
  return false
}

/** Sum of weights over what is in `set` and not in `without`. */
export function weigh(set: Int32Array, without: Int32Array, weights: Float64Array): number {
  let sum = 0
  for (let i = 0; i < set.length; i++)
    for (let word = set[i]! & ~without[i]!; word !== 0; word &= word - 1)
      sum += weights[(i << 5) + 31 - Math.clz32(word & -word)]!
  return sum
}
