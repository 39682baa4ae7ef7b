import type { Simulation } from '../strategy/simulate.ts'

/** Bytes at a place for a time, in positions of the sequence; both ends belong to it. */
interface Segment {
  readonly from: number
  readonly to: number
  readonly bytes: number
}

/** What shares one offset: a value, then those that take its place in turn; or one run's workspace. */
export interface Block {
  readonly segments: readonly Segment[]
  readonly from: number
  readonly to: number
  /** Bytes of the largest segment. */
  readonly bytes: number
}

export interface Blocks {
  readonly list: readonly Block[]
  /** Block of each instance; −1 for what lies in its pinned buffer. */
  readonly ofInstance: Int32Array
  /** Block of the workspace of each position; −1 if it has none. */
  readonly ofWorkspace: Int32Array
}

/**
 * What has to be placed, from a simulated sequence. Positions are doubled: a place is taken over between two of them, and
 * inputs are there before the first.
 */
export function blocksOf(simulation: Simulation, sequence: Int32Array): Blocks {
  const { model, instances, length } = simulation
  const ofInstance = new Int32Array(instances.count).fill(-1)
  const list: { segments: Segment[]; from: number; to: number; bytes: number }[] = []
  // A value that takes a place is computed after the one that had it, so its block is known by then.
  for (let k = 0; k < instances.count; k++) {
    const fate = instances.fate[k]!
    if (fate === 1) continue
    const over = instances.over[k]!
    const bytes = model.size[instances.value[k]!]!
    const from = 2 * instances.start[k]! + (over >= 0 ? 1 : 0)
    const to = 2 * instances.end[k]! + (fate === 3 ? 0 : 1)
    const segment = { from, to: Math.max(from, to), bytes }
    if (over >= 0) {
      const block = list[ofInstance[over]!]!
      block.segments.push(segment)
      block.to = Math.max(block.to, segment.to)
      ofInstance[k] = ofInstance[over]!
    } else ofInstance[k] = list.push({ segments: [segment], from: segment.from, to: segment.to, bytes }) - 1
  }
  const ofWorkspace = new Int32Array(length).fill(-1)
  for (let i = 0; i < length; i++) {
    const bytes = model.workspace[sequence[i]!]!
    if (bytes === 0) continue
    const segment = { from: 2 * i, to: 2 * i + 1, bytes }
    ofWorkspace[i] = list.push({ segments: [segment], from: segment.from, to: segment.to, bytes }) - 1
  }
  return { list, ofInstance, ofWorkspace }
}
