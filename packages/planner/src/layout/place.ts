import type { Random } from '../strategy/random.ts'
import type { Block } from './blocks.ts'
import { type Instance, instanceOf } from './instance.ts'
import { Packer } from './pack.ts'

export interface Placement {
  /** Offset of each block. */
  readonly offsets: Float64Array
  /** End of the highest block. */
  readonly top: number
  /** How often packing failed at a time of the blocks. */
  readonly conflicts: Conflicts
}

export type Conflicts = ReadonlyMap<number, number>

/** Work of one round, in visits of nodes. */
const work = 30_000

/** Gaps of more than this share of the goal are worth more work, as many times as much. */
const wide = { gap: 0.01, work: 4 }

/**
 * Places blocks so that no two overlap in time and space, in as little space as it finds. `floor`: where placing starts.
 * `goal`: good enough, a bound or better. Sizes are multiples of the alignment, so offsets are too. The same for the same
 * blocks and random numbers: `rounds` limits the work, in equal parts, not a clock; up to four times as many are spent on
 * gaps of more than 1 %.
 */
export function place(
  blocks: readonly Block[],
  floor: number,
  goal: number,
  random: Random,
  rounds = 60,
): Placement {
  const instance = instanceOf(blocks)
  const packed = search(instance, Math.max(instance.peak, goal - floor), random, rounds * work)
  const offsets = new Float64Array(blocks.length).fill(floor)
  for (let i = 0; i < instance.count; i++) offsets[instance.index[i]!] = floor + packed.offsets[i]!
  return { offsets, top: floor + packed.top, conflicts: packed.conflicts }
}

/** Packs again and again, first by fixed priorities, then by those that conflicts teach. */
function search(instance: Instance, goal: number, random: Random, limit: number): Placement {
  const packer = new Packer(instance)
  let offsets = new Float64Array(instance.count)
  let top = Number.POSITIVE_INFINITY
  const conflicts = new Map<number, number>()
  const attempt = (priority: Float64Array, keepTo: number): boolean => {
    const found = packer.run(priority, keepTo, top)
    if (found >= top) {
      const at = instance.at[packer.conflict] ?? -1
      conflicts.set(at, (conflicts.get(at) ?? 0) + 1)
      return false
    }
    top = found
    offsets = packer.offsets.slice()
    return true
  }
  const spent = (): boolean => packer.work > (top > goal * (1 + wide.gap) ? wide.work * limit : limit)
  const starts = priorities(instance)
  let best = starts[0]!
  for (const priority of starts)
    for (const keepTo of [goal, Number.POSITIVE_INFINITY]) {
      if (attempt(priority, keepTo)) best = priority
      if (top <= goal || spent()) return { offsets, top, conflicts }
    }
  let priority = best.slice()
  for (let failed = 0; !spent(); ) {
    if (attempt(priority, random.below(4) > 0 ? goal : Number.POSITIVE_INFINITY)) {
      if (top <= goal) break
      best = priority.slice()
      failed = 0
    } else if (++failed > 40) {
      failed = 0
      priority = (random.below(2) > 0 ? best : starts[random.below(starts.length)]!).slice()
    }
    learn(instance, packer, priority, random)
  }
  return { offsets, top, conflicts }
}

/** By size and time, by time, by size; and by first moment, which is best where all sizes are equal. Each in [0, 2). */
function priorities({ count, from, to, size, moments }: Instance): Float64Array[] {
  const largest = size.reduce((a, b) => Math.max(a, b), 1)
  const time = Float64Array.from({ length: count }, (_, i) => (to[i]! - from[i]! + 1) / moments)
  const space = size.map(bytes => bytes / largest)
  return [
    time.map((t, i) => t * space[i]!),
    time.map((t, i) => t + space[i]! / (2 * moments)),
    space.map((s, i) => s + time[i]! / (2 * largest)),
    time.map((_, i) => 1 - from[i]! / moments),
  ]
}

/**
 * Blocks that had no place where packing failed come earlier next time, as in squeaky wheel optimization (Joslin and
 * Clements 1999) with weights that add up, as those of constraints do in Boussemart et al. 2004; a few others change, too.
 */
function learn({ count, from, to }: Instance, packer: Packer, priority: Float64Array, random: Random): void {
  const { conflict } = packer
  for (let i = 0; i < count; i++) {
    if (from[i]! <= conflict && conflict <= to[i]! && !packer.isPlaced(i)) priority[i]! *= 1 + random.below(8)
    else if (random.below(30) === 0) priority[i]! *= 0.5 + random.unit()
  }
}
