import type { Block } from '../layout/blocks.ts'
import type { Random } from '../strategy/random.ts'

export function block(from: number, to: number, bytes: number): Block {
  return { segments: [{ from, to, bytes }], from, to, bytes }
}

/** A block of one segment, or of several one after the other, each no larger than the one before; some have no bytes. */
function randomBlock(random: Random, align: number, span: number): Block {
  const segments = []
  const first = random.below(span)
  let from = first
  let bytes = random.below(40) * align
  for (let parts = random.below(3) === 0 ? 3 : 1; parts > 0; parts--) {
    const to = from + random.below(12)
    segments.push({ from, to, bytes })
    from = to + 1
    bytes = random.below(bytes / align + 1) * align
  }
  return { segments, from: first, to: from - 1, bytes: segments[0]!.bytes }
}

export function randomBlocks(random: Random, count: number, align: number, span: number): Block[] {
  return Array.from({ length: count }, () => randomBlock(random, align, span))
}

/** Bytes alive at the fullest moment. */
export function liveBytes(blocks: readonly Block[]): number {
  const segments = blocks.flatMap(b => b.segments)
  const at = (t: number): number => segments.reduce((n, s) => (s.from <= t && t <= s.to ? n + s.bytes : n), 0)
  return Math.max(0, ...segments.map(s => at(s.from)))
}

/** The first two blocks that share bytes at a time, each pair looked at. */
export function overlap(blocks: readonly Block[], offsets: ArrayLike<number>): [number, number] | undefined {
  for (const [i, a] of blocks.entries())
    for (const [j, b] of blocks.slice(0, i).entries())
      for (const s of a.segments)
        for (const u of b.segments) {
          const meet = s.from <= u.to && u.from <= s.to && s.bytes > 0 && u.bytes > 0
          if (meet && offsets[i]! < offsets[j]! + u.bytes && offsets[j]! < offsets[i]! + s.bytes)
            return [j, i]
        }
  return undefined
}
