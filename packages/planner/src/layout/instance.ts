import type { Block } from './blocks.ts'

/**
 * Blocks in flat arrays, their times in moments: a moment stands for a largest set of segments that are alive together,
 * so that two segments meet in time exactly if they share a moment. There are no more moments than segments.
 */
export interface Instance {
  /** Number of blocks; those without bytes are left out. */
  readonly count: number
  /** Index in the list of each block. */
  readonly index: Int32Array
  /** First segment of each block, and after the last block the number of segments. */
  readonly first: Int32Array
  /** Of each segment: its first and last moment, its bytes. Those of a block follow each other in time. */
  readonly start: Int32Array
  readonly end: Int32Array
  readonly bytes: Float64Array
  /** Of each block: its first and last moment, and the bytes of its largest segment. */
  readonly from: Int32Array
  readonly to: Int32Array
  readonly size: Float64Array
  readonly moments: number
  /** Of each moment, the time of the list that it stands for. */
  readonly at: Int32Array
  /** Bytes alive at each moment. */
  readonly live: Float64Array
  /** The most bytes alive at once: no arena is smaller. */
  readonly peak: number
}

export function instanceOf(blocks: readonly Block[]): Instance {
  const segments = blocks.map(b => b.segments.filter(s => s.bytes > 0))
  const index = Int32Array.from(segments.keys()).filter(i => segments[i]!.length > 0)
  const first = new Int32Array(index.length + 1)
  for (const [i, block] of index.entries()) first[i + 1] = first[i]! + segments[block]!.length
  const all = segments.flat()
  const { start, end, at, moments } = momentsOf(all)
  const bytes = Float64Array.from(all, s => s.bytes)
  const live = new Float64Array(moments + 1)
  for (let k = 0; k < all.length; k++) {
    live[start[k]!]! += bytes[k]!
    live[end[k]! + 1]! -= bytes[k]!
  }
  for (let m = 1; m <= moments; m++) live[m]! += live[m - 1]!
  return {
    count: index.length,
    index,
    first,
    start,
    end,
    bytes,
    from: Int32Array.from(index, (_, i) => start[first[i]!]!),
    to: Int32Array.from(index, (_, i) => end[first[i + 1]! - 1]!),
    size: Float64Array.from(index, (_, i) => bytes.subarray(first[i]!, first[i + 1]!).reduce(larger)),
    moments,
    at,
    live,
    peak: live.reduce(larger, 0),
  }
}

function larger(a: number, b: number): number {
  return Math.max(a, b)
}

/** The largest sets are those that are complete when one of them ends: they are met in order of time. */
function momentsOf(segments: readonly { readonly from: number; readonly to: number }[]): {
  start: Int32Array
  end: Int32Array
  at: Int32Array
  moments: number
} {
  const count = segments.length
  const start = new Int32Array(count)
  const end = new Int32Array(count)
  const at = new Int32Array(count)
  const starting = Int32Array.from(segments.keys()).sort((a, b) => segments[a]!.from - segments[b]!.from)
  const ending = Int32Array.from(segments.keys()).sort((a, b) => segments[a]!.to - segments[b]!.to)
  let moments = 0
  let next = 0
  let grown = false
  for (const k of ending) {
    for (; next < count && segments[starting[next]!]!.from <= segments[k]!.to; next++) {
      start[starting[next]!] = moments
      grown = true
    }
    if (grown) at[moments++] = segments[k]!.to
    grown = false
    end[k] = moments - 1
  }
  return { start, end, at: at.slice(0, moments), moments }
}
