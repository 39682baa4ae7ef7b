import type { Random } from '../strategy/random.ts'
import type { Block } from './blocks.ts'

export interface Placement {
  /** Offset of each block. */
  readonly offsets: Float64Array
  /** End of the highest block. */
  readonly top: number
}

/**
 * Places blocks so that no two overlap in time and space, in as little space as it finds: lowest-offset placement in
 * several orders, then with those that stick out placed first ("squeaky wheel", Joslin & Clements 1999). Sizes are
 * multiples of the alignment, so offsets are too. `floor`: where placing starts. `goal`: good enough, a bound or better.
 */
export function place(
  blocks: readonly Block[],
  floor: number,
  goal: number,
  random: Random,
  rounds = 60,
): Placement {
  const indices = blocks.map((_, i) => i)
  const span = (b: Block): number => b.to - b.from + 1
  const by = (key: (b: Block) => number): number[] =>
    [...indices].sort(
      (a, b) => key(blocks[b]!) - key(blocks[a]!) || blocks[a]!.from - blocks[b]!.from || a - b,
    )
  const orders = [
    by(b => b.bytes),
    by(b => b.bytes * span(b)),
    by(b => span(b) * 1e6 + b.bytes / 1e6),
    by(b => -b.from),
  ]
  let best: Placement | undefined
  let bestOrder = orders[0]!
  for (const order of orders) {
    const found = lowest(blocks, order, floor)
    if (best === undefined || found.top < best.top) [best, bestOrder] = [found, order]
    if (best.top <= goal) return best
  }
  return squeak(blocks, best!, bestOrder, floor, goal, random, blocks.length > 4000 ? 0 : rounds)
}

function squeak(
  blocks: readonly Block[],
  first: Placement,
  firstOrder: readonly number[],
  floor: number,
  goal: number,
  random: Random,
  rounds: number,
): Placement {
  let [best, bestOrder] = [first, firstOrder]
  let [current, order] = [first, firstOrder]
  for (let round = 0; round < rounds && best.top > goal; round++) {
    const out = new Set(order.filter(i => current.offsets[i]! + blocks[i]!.bytes > goal))
    // What sticks out goes to the front, or some way towards it; now and then something else does too.
    const far = random.below(3) > 0
    const rank = new Map(order.map((i, at) => [i, at]))
    const key = (i: number): number => {
      const at = rank.get(i)!
      if (out.has(i)) return far ? at - order.length : at - 1 - random.below(order.length)
      return random.below(50) === 0 ? at - random.below(20) : at
    }
    const keys = new Map(order.map(i => [i, key(i)]))
    const next = [...order].sort((a, b) => keys.get(a)! - keys.get(b)! || a - b)
    const found = lowest(blocks, next, floor)
    if (found.top < best.top) [best, bestOrder] = [found, next]
    // Now and then back to the best, or it drifts.
    if (found.top <= best.top * 1.05) [current, order] = [found, next]
    else [current, order] = [best, bestOrder]
  }
  return best
}

/** Each block in turn at the lowest offset where it overlaps none that is placed. */
function lowest(blocks: readonly Block[], order: readonly number[], floor: number): Placement {
  const offsets = new Float64Array(blocks.length).fill(-1)
  const placed: number[] = []
  const taken: [from: number, to: number][] = []
  let top = floor
  for (const i of order) {
    const block = blocks[i]!
    if (block.bytes === 0) {
      offsets[i] = floor
      continue
    }
    taken.length = 0
    for (const j of placed) {
      const other = blocks[j]!
      if (other.from > block.to || other.to < block.from) continue
      collide(block, other, offsets[j]!, taken)
    }
    const at = gap(taken, block.bytes, floor)
    offsets[i] = at
    placed.push(i)
    top = Math.max(top, at + block.bytes)
  }
  return { offsets, top }
}

/** Adds the offsets at which `block` would overlap `other`: open ranges. */
function collide(block: Block, other: Block, offset: number, taken: [number, number][]): void {
  if (block.segments.length === 1 && other.segments.length === 1) {
    taken.push([offset - block.bytes, offset + other.bytes])
    return
  }
  for (const a of block.segments)
    for (const b of other.segments)
      if (a.from <= b.to && b.from <= a.to) taken.push([offset - a.bytes, offset + b.bytes])
}

/** The least offset ≥ floor outside all open ranges. */
function gap(taken: [number, number][], _bytes: number, floor: number): number {
  taken.sort((a, b) => a[0] - b[0])
  let at = floor
  for (const [from, to] of taken) if (from < at && to > at) at = to
  return at
}
