import { hasBit } from './bits.ts'
import type { Space, SpaceTask, State } from './space.ts'

/** Ways to have fewer bytes alive while a task runs. */
interface Saving {
  readonly kind: 'free' | 'copy' | 'replace'
  /** What is freed, copied into its buffer, or gives up its place. */
  readonly value: number
  /** What takes the place. */
  readonly write: number
  readonly bytes: number
}

/** Of a state before a run: what is freed, what is copied home, and whose places are taken. */
export interface Room {
  readonly freed: readonly number[]
  readonly copied: readonly number[]
  readonly replaced: readonly number[]
  readonly cost: number
}

/**
 * All ways to save at least `bytes` at a run that are minimal: without any part of it a way would not do. (A way that saves
 * more than it must is never better: what is kept can be given up later.) `donated` are results that need no place. Stops
 * after one more than `most`.
 */
export function waysToSave(
  space: Space,
  task: SpaceTask,
  state: State,
  donated: Int32Array,
  bytes: number,
  most: number,
): Room[] {
  if (bytes <= 0) return [{ freed: [], copied: [], replaced: [], cost: 0 }]
  const savings = savingsAt(space, task, state, donated)
  const rest = new Float64Array(savings.length + 1)
  for (let i = savings.length - 1; i >= 0; i--) rest[i] = rest[i + 1]! + savings[i]!.bytes
  const ways: Room[] = []
  const chosen: Saving[] = []
  const choose = (i: number, missing: number): void => {
    if (ways.length > most) return
    if (missing <= 0) {
      // The last one is the smallest, and without it something was missing: so nothing is superfluous.
      ways.push(roomOf(space, chosen))
      return
    }
    if (rest[i]! < missing) return
    const saving = savings[i]!
    if (!chosen.some(c => excludes(c, saving))) {
      chosen.push(saving)
      choose(i + 1, missing - saving.bytes)
      chosen.pop()
    }
    choose(i + 1, missing)
  }
  choose(0, bytes)
  return ways
}

/** Largest first. */
function savingsAt(space: Space, task: SpaceTask, { live, homed }: State, donated: Int32Array): Saving[] {
  const savings: Saving[] = []
  for (let v = 0; v < space.sizes.length; v++) {
    const bytes = space.sizes[v]!
    if (bytes === 0 || !hasBit(live, v) || hasBit(homed, v) || hasBit(donated, v)) continue
    if (!hasBit(task.reads, v) && !hasBit(task.writes, v))
      savings.push({ kind: 'free', value: v, write: -1, bytes })
    if (space.successors.includes(v) && !hasBit(task.bars, v))
      savings.push({ kind: 'copy', value: v, write: -1, bytes })
  }
  // A result that lives already is given up, and saved here, too.
  for (const { place, write } of task.pairs)
    if (!hasBit(homed, place) && !hasBit(homed, write) && !hasBit(donated, write))
      savings.push({ kind: 'replace', value: place, write, bytes: space.sizes[write]! })
  return savings.sort((a, b) => b.bytes - a.bytes)
}

function excludes(a: Saving, b: Saving): boolean {
  return (
    a.value === b.value || (a.write >= 0 && a.write === b.write) || a.value === b.write || a.write === b.value
  )
}

function roomOf(space: Space, chosen: readonly Saving[]): Room {
  const of = (kind: Saving['kind']): number[] => chosen.filter(s => s.kind === kind).map(s => s.value)
  const copied = of('copy')
  return {
    freed: of('free'),
    copied,
    replaced: of('replace'),
    cost: copied.reduce((n, v) => n + space.copyCosts[v]!, 0),
  }
}
