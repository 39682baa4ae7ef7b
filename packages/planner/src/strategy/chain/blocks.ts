import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { updatesOf } from '../stages.ts'

/** Tasks in file order, each update as soon as its inputs are there. */
export function trainingOrder(model: Model): DagTaskId[] {
  const updates = updatesOf(model)
  const order = model.needed.filter(t => updates[t] === 0)
  const at = new Map(order.map((t, i) => [t, i]))
  const after: DagTaskId[][] = order.map(() => [])
  for (const t of model.needed) {
    if (updates[t] === 0) continue
    const last = [...model.reads[t]!].reduce((n, v) => Math.max(n, at.get(model.producer[v]!) ?? 0), 0)
    after[last]?.push(t)
  }
  return order.flatMap((t, i) => [t, ...after[i]!])
}

/** Where the backward pass begins: most bytes that are no outputs live there if each task runs once. */
export function turningPoint(model: Model, order: readonly DagTaskId[]): number {
  const last = new Map<DagValueId, number>()
  for (const [i, t] of order.entries()) for (const v of model.reads[t]!) last.set(v, i)
  let [live, most, turn] = [0, -1, 0]
  const ends: number[] = order.map(() => 0)
  for (const [i, t] of order.entries()) {
    for (const w of model.writes[t]!) {
      if (model.output[w] === 1 || model.bufferOf[w]! >= 0 || !last.has(w)) continue
      live += model.size[w]!
      ends[last.get(w)!]! += model.size[w]!
    }
    if (live > most) [most, turn] = [live, i]
    live -= ends[i]!
  }
  return turn + 1
}

/** A training DAG cut into blocks: forward from the first to the last, then backward. */
export interface Cut {
  readonly forward: readonly (readonly DagTaskId[])[]
  readonly backward: readonly (readonly DagTaskId[])[]
  /** By block: values that cross from it to later ones, or that those read backward. */
  readonly states: readonly ReadonlySet<DagValueId>[]
  /** Values that live throughout: they cross too much, or are outputs of the forward pass. */
  readonly resident: ReadonlySet<DagValueId>
}

/** A forward value that crosses this share of the forward pass is taken to live throughout. */
const longSpan = 0.3

/**
 * Cuts of a training DAG into at most `most` blocks, at positions of the forward pass that few bytes cross: one cut for each
 * of several notions of few. Distinct.
 */
export function cutsOf(model: Model, order: readonly DagTaskId[], most: number): Cut[] {
  const turn = turningPoint(model, order)
  const { crossing, resident } = crossings(model, order, turn)
  const sorted = [...crossing].sort((a, b) => a - b)
  const seen = new Set<string>()
  const cuts: Cut[] = []
  for (const share of [0.05, 0.2, 0.4, 0.7, 1]) {
    const few = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
    const all = crossing.flatMap((bytes, p) => (bytes <= few && isLow(crossing, p) ? [p] : []))
    const every = Math.ceil(all.length / most)
    const positions = all.filter((_, i) => i % every === every - 1)
    if (positions.length < 2 || seen.has(positions.join())) continue
    seen.add(positions.join())
    cuts.push(cutAt(model, order, turn, positions, resident))
  }
  return cuts
}

function isLow(crossing: readonly number[], p: number): boolean {
  const here = crossing[p]!
  return here <= (crossing[p - 1] ?? here) && here <= (crossing[p + 1] ?? here)
}

/** Bytes that cross from each forward position to later forward ones; and what is taken to live throughout. */
function crossings(
  model: Model,
  order: readonly DagTaskId[],
  turn: number,
): { crossing: number[]; resident: Set<DagValueId> } {
  const last = new Map<DagValueId, number>()
  for (let i = 0; i < turn; i++) for (const v of model.reads[order[i]!]!) last.set(v, i)
  const change = new Float64Array(turn + 1)
  const resident = new Set<DagValueId>()
  for (let i = 0; i < turn; i++)
    for (const w of model.writes[order[i]!]!) {
      const end = last.get(w) ?? i
      if (model.output[w] === 1 || end - i > Math.max(8, longSpan * turn)) resident.add(w)
      else {
        change[i]! += model.size[w]!
        change[end]! -= model.size[w]!
      }
    }
  const crossing: number[] = []
  let bytes = 0
  for (let i = 0; i + 1 < turn; i++) crossing.push((bytes += change[i]!))
  return { crossing, resident }
}

function cutAt(
  model: Model,
  order: readonly DagTaskId[],
  turn: number,
  positions: readonly number[],
  resident: ReadonlySet<DagValueId>,
): Cut {
  const count = positions.length + 1
  const forward: DagTaskId[][] = Array.from({ length: count }, () => [])
  const made = new Map<DagValueId, number>()
  // The last block that a value is read in, forward or (as block numbers fall) first backward.
  const until = new Map<DagValueId, number>()
  const reads = (t: DagTaskId): number[] => [...model.reads[t]!].filter(v => made.has(v) && !resident.has(v))
  for (let i = 0, k = 0; i < turn; i++) {
    if (k < positions.length && i > positions[k]!) k++
    const t = order[i]!
    forward[k]!.push(t)
    for (const w of model.writes[t]!) made.set(w, k)
    for (const v of reads(t)) until.set(v, Math.max(until.get(v) ?? 0, k))
  }
  const backTasks = order.slice(turn)
  const blockOf = backwardBlocks(model, backTasks, count, made, until, reads)
  const backward: DagTaskId[][] = Array.from({ length: count }, () => [])
  for (const [i, t] of backTasks.entries()) {
    backward[blockOf[i]!]!.push(t)
    for (const v of reads(t)) until.set(v, Math.max(until.get(v) ?? 0, blockOf[i]!))
  }
  const states: Set<DagValueId>[] = Array.from({ length: count }, () => new Set())
  for (const [v, k] of made)
    if (!resident.has(v)) for (let j = k; j < (until.get(v) ?? 0); j++) states[j]!.add(v)
  return { forward, backward, states, resident }
}

/**
 * The block that each backward task belongs to. A task belongs no later than to what it reads; where it may belong to the
 * block above, too, since it reads nothing else of its own, the boundary lies where fewest bytes of gradients cross it.
 */
function backwardBlocks(
  model: Model,
  tasks: readonly DagTaskId[],
  count: number,
  made: ReadonlyMap<DagValueId, number>,
  until: ReadonlyMap<DagValueId, number>,
  reads: (t: DagTaskId) => number[],
): Int32Array {
  const blocks = new Int32Array(tasks.length)
  let least = 0
  for (let i = tasks.length - 1; i >= 0; i--) {
    for (const v of reads(tasks[i]!)) least = Math.max(least, made.get(v)!)
    blocks[i] = least
  }
  const crossing = gradientCrossings(model, tasks)
  for (let i = 0, above = count - 1; i < tasks.length; i++) {
    const block = blocks[i]!
    if (block >= above) continue
    // What tasks from here on read is a state of the block above's beginning.
    let [best, at] = [crossing[i - 1] ?? Number.POSITIVE_INFINITY, i]
    for (
      let j = i;
      j < tasks.length && reads(tasks[j]!).every(v => until.get(v)! >= above && made.get(v)! < above);
      j++
    )
      if (crossing[j]! < best) [best, at] = [crossing[j]!, j + 1]
    for (let j = i; j < at; j++) blocks[j] = above
    above = at > i ? above - 1 : block
    if (at > i) i = at - 1
    if (above > (blocks[i + 1] ?? 0)) above = Math.max(blocks[i + 1] ?? 0, 0)
  }
  return blocks
}

/** Bytes that backward tasks made and later ones read, after each; outputs aside. */
function gradientCrossings(model: Model, tasks: readonly DagTaskId[]): Float64Array {
  const last = new Map<DagValueId, number>()
  for (const [i, t] of tasks.entries()) for (const v of model.reads[t]!) last.set(v, i)
  const bytes = new Float64Array(tasks.length + 1)
  for (const [i, t] of tasks.entries())
    for (const w of model.writes[t]!) {
      const end = last.get(w) ?? i
      if (model.output[w] === 1 || end === i) continue
      bytes[i]! += model.size[w]!
      bytes[end]! -= model.size[w]!
    }
  for (let i = 1; i < bytes.length; i++) bytes[i]! += bytes[i - 1]!
  return bytes
}
