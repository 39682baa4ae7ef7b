import type { FunctionBuilder, Local, ValType } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { constI32 } from './vector.ts'

const multipliers = [0xd2511f53, 0xcd9e8d57] as const
const weyl = [0x9e3779b9, 0xbb67ae85] as const

/**
 * Philox4x32-10 on one block: (c0, c1, c2, c3, k0, k1) → four words as a vector. A function of the module, since it is
 * long and called rarely.
 */
export function philoxBlock(b: PhaseBuilder): number {
  return b.helper('philox', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], ['v128'], emitPhilox)
}

function emitPhilox(f: FunctionBuilder): void {
  const [a, b, c, d, p, q] = f.params as [Local, Local, Local, Local, Local, Local]
  const [x, y] = [f.local('i64'), f.local('i64')]
  const product = (of: Local, by: number, to: Local): void => {
    f.get(of).op('i64.extend_i32_u').i64(BigInt(by)).op('i64.mul').set(to)
  }
  const high = (of: Local): FunctionBuilder => f.get(of).i64(32n).op('i64.shr_u').op('i32.wrap_i64')
  for (let round = 0; round < 10; round++) {
    product(a, multipliers[0], x)
    product(c, multipliers[1], y)
    high(y).get(b).op('i32.xor').get(p).op('i32.xor').set(a)
    f.get(y).op('i32.wrap_i64').set(b)
    high(x).get(d).op('i32.xor').get(q).op('i32.xor').set(c)
    f.get(x).op('i32.wrap_i64').set(d)
    f.get(p).i32(weyl[0]).op('i32.add').set(p)
    f.get(q).i32(weyl[1]).op('i32.add').set(q)
  }
  f.get(a).op('i32x4.splat')
  for (const [lane, word] of [b, c, d].entries()) f.get(word).lane('i32x4.replace_lane', lane + 1)
}

/** What random bits depend on besides the element: step, call, and the key that follows from seed and path. */
export interface Stream {
  readonly step: Local
  readonly call: number
  readonly key: readonly [Local, Local]
}

/** Pushes the bits of elements at, at + 1, at + 2, at + 3 for an `at` that is a multiple of 4. */
export function alignedBits(b: PhaseBuilder, at: () => void, { step, call, key }: Stream): void {
  const { f } = b
  at()
  f.i32(2).op('i32.shr_u').i32(0).get(step).i32(call).get(key[0]).get(key[1]).call(philoxBlock(b))
}

/** Pushes the bits of the four elements in the lanes of `at`: four blocks side by side, a word of each. */
export function scatteredBits(b: PhaseBuilder, at: Local, { step, call, key }: Stream): void {
  const params: ValType[] = ['v128', 'i32', 'i32', 'i32', 'i32']
  const index = b.helper('philox of lanes', params, ['v128'], emitLanes)
  b.f.get(at).get(step).i32(call).get(key[0]).get(key[1]).call(index)
}

/** Pushes sixteen elements' bits, four vectors in order, for an `at` that is a multiple of 4. */
export function manyBits(b: PhaseBuilder, at: () => void, { step, call, key }: Stream): void {
  const params: ValType[] = ['i32', 'i32', 'i32', 'i32', 'i32']
  const index = b.helper('philox of blocks', params, ['v128', 'v128', 'v128', 'v128'], emitBlocks)
  at()
  b.f.i32(2).op('i32.shr_u').get(step).i32(call).get(key[0]).get(key[1]).call(index)
}

/** The words of four blocks: a vector for each place in a block. */
type Words = readonly [Local, Local, Local, Local]

/** Ten rounds on four blocks at once, from the first word of their counters and the scalars of the rest. */
function emitRounds(f: FunctionBuilder, first: Local, rest: readonly [Local, Local, Local, Local]): Words {
  const vector = (): Local => f.local('v128')
  const [b, c, d, p, q] = [vector(), vector(), vector(), vector(), vector()]
  const [lowX, lowY, highX, highY] = [vector(), vector(), vector(), vector()]
  const a = first
  for (const [i, to] of [c, d, p, q].entries()) f.get(rest[i]!).op('i32x4.splat').set(to)
  const product = (of: Local, by: number, low: Local, high: Local): void => {
    const by4 = constI32(f, by)
    f.get(of).get(by4).op('i64x2.extmul_low_i32x4_u').set(low)
    f.get(of).get(by4).op('i64x2.extmul_high_i32x4_u').set(high)
  }
  const highs = (low: Local, high: Local): FunctionBuilder => f.get(low).get(high).shuffle32([1, 3, 5, 7])
  for (let round = 0; round < 10; round++) {
    product(a, multipliers[0], lowX, highX)
    product(c, multipliers[1], lowY, highY)
    highs(lowY, highY).get(b).op('v128.xor').get(p).op('v128.xor').set(a)
    f.get(lowY).get(highY).shuffle32([0, 2, 4, 6]).set(b)
    highs(lowX, highX).get(d).op('v128.xor').get(q).op('v128.xor').set(c)
    f.get(lowX).get(highX).shuffle32([0, 2, 4, 6]).set(d)
    f.get(p).get(constI32(f, weyl[0])).op('i32x4.add').set(p)
    f.get(q).get(constI32(f, weyl[1])).op('i32x4.add').set(q)
  }
  return [a, b, c, d]
}

/** (elements, step, call, k0, k1) → the bits of these elements, each of a block of its own. */
function emitLanes(f: FunctionBuilder): void {
  const [at, ...rest] = f.params as [Local, Local, Local, Local, Local]
  const first = f.local('v128')
  f.get(at).i32(2).op('i32x4.shr_u').set(first)
  const [a, b, c, d] = emitRounds(f, first, rest)
  const bit = (n: number): void => {
    f.get(at).get(constI32(f, n)).op('v128.and').get(constI32(f, n)).op('i32x4.eq')
  }
  f.get(d).get(c)
  bit(1)
  f.op('v128.bitselect').get(b).get(a)
  bit(1)
  f.op('v128.bitselect')
  bit(2)
  f.op('v128.bitselect')
}

/** (first block, step, call, k0, k1) → the sixteen words of four blocks. */
function emitBlocks(f: FunctionBuilder): void {
  const [at, ...rest] = f.params as [Local, Local, Local, Local, Local]
  const first = f.local('v128')
  const counting = new Uint8Array(Int32Array.of(0, 1, 2, 3).buffer)
  f.get(at).op('i32x4.splat').v128(counting).op('i32x4.add').set(first)
  const [a, b, c, d] = emitRounds(f, first, rest)
  const pairs = [f.local('v128'), f.local('v128')] as const
  for (const half of [0, 2]) {
    const zip = [half, half + 4, half + 1, half + 5] as const
    f.get(a).get(b).shuffle32(zip).set(pairs[0])
    f.get(c).get(d).shuffle32(zip).set(pairs[1])
    f.get(pairs[0]).get(pairs[1]).shuffle32([0, 1, 4, 5])
    f.get(pairs[0]).get(pairs[1]).shuffle32([2, 3, 6, 7])
  }
}
