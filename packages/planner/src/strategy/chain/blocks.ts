import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { updatesOf } from '../timeline/updates.ts'

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

/** Where the backward pass begins: where what spans most is smallest, or where most is spanned. */
export function turningPoint(model: Model, order: readonly DagTaskId[]): number {
  const spans = spanned(model, order)
  const turn = lossAt(model, order, spans)
  return (turn < 0 ? spans.indexOf(most(spans)) : turn) + 1
}

/** Whether a DAG has a forward and a backward pass. */
export function isTraining(model: Model): boolean {
  const order = trainingOrder(model)
  return lossAt(model, order, spanned(model, order)) >= 0
}

/**
 * Where the loss is, from which all later tasks descend and to which all earlier ones lead; −1. Of several such tasks (a chain
 * has nothing else) it is a small one that much spans: residuals do, the earlier they are made the longer.
 */
function lossAt(model: Model, order: readonly DagTaskId[], spans: Float64Array): number {
  const bytes = (i: number): number =>
    i < 0 ? 0 : model.writes[order[i]!]!.reduce((n, w) => n + model.size[w]!, 0)
  const mean = order.reduce((n, _, i) => n + bytes(i), 0) / Math.max(1, order.length)
  const least = 0.8 * most(spans)
  let turn = -1
  for (const i of waists(model, order)) {
    if (spans[i]! < least) continue
    // Of small ones the first: the next is the gradient of the loss.
    const tie = bytes(i) === bytes(turn) && bytes(i) > 0.01 * mean && spans[i]! > spans[turn]!
    if (turn < 0 || bytes(i) < bytes(turn) || tie) turn = i
  }
  return turn
}

const most = (spans: Float64Array): number => spans.reduce((a, b) => Math.max(a, b), 0)

/** Of each position, the sum of the spans of the values that live beyond it. */
function spanned(model: Model, order: readonly DagTaskId[]): Float64Array {
  const last = new Map<DagValueId, number>()
  for (const [i, t] of order.entries()) for (const v of model.reads[t]!) last.set(v, i)
  const spans = new Float64Array(order.length + 1)
  for (const [i, t] of order.entries())
    for (const w of model.writes[t]!) {
      const end = last.get(w)
      if (model.output[w] === 1 || end === undefined) continue
      spans[i]! += end - i
      spans[end]! -= end - i
    }
  for (let i = 1; i < spans.length; i++) spans[i]! += spans[i - 1]!
  return spans
}

/** Positions of tasks from which all later ones descend, and to which all earlier ones lead that anything reads. */
function waists(model: Model, order: readonly DagTaskId[]): number[] {
  const madeAt = new Map<DagValueId, number>()
  const firstReader = new Map<number, number>()
  const lastRead = order.map((t, i) => {
    let latest = -1
    for (const v of model.reads[t]!) {
      const p = madeAt.get(v) ?? -1
      latest = Math.max(latest, p)
      if (p >= 0 && !firstReader.has(p)) firstReader.set(p, i)
    }
    for (const w of model.writes[t]!) madeAt.set(w, i)
    return latest
  })
  // Later tasks descend from it if each reads something made no earlier; earlier ones lead to it if each is read by then.
  const descend = new Float64Array(order.length + 1).fill(Number.POSITIVE_INFINITY)
  for (let i = order.length - 1; i >= 0; i--) descend[i] = Math.min(descend[i + 1]!, lastRead[i]!)
  const found: number[] = []
  let lead = 0
  for (let i = 0; i < order.length; i++) {
    if (descend[i + 1]! >= i && lead <= i) found.push(i)
    lead = Math.max(lead, firstReader.get(i) ?? 0)
  }
  return found
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
 * Cuts of a training DAG into at most `most` blocks, at positions of the forward pass that few bytes cross: those of its own
 * values that later tasks read, forward, or backward in the blocks after it. One cut for each of several notions of few.
 */
export function* cutsOf(model: Model, order: readonly DagTaskId[], most: number): Generator<Cut> {
  const turn = turningPoint(model, order)
  const { crossing, resident } = crossings(model, order, turn)
  const seen = new Set<string>()
  const lows = crossing.flatMap((_, p) => (isLow(crossing, p) ? [p] : []))
  for (const share of [0.1, 0.4, 1]) {
    const likely = lowest(
      lows,
      lows.map(p => crossing[p]!),
      share,
    )
    const states = stateBytes(model, assign(model, order, turn, likely, resident))
    for (const part of [0.1, 0.4, 0.7, 1]) {
      const all = lowest(likely, states, part)
      const every = Math.ceil((all.length + 1) / most)
      const positions = all.filter((_, i) => i % every === every - 1)
      if (positions.length < 2 || seen.has(positions.join())) continue
      seen.add(positions.join())
      yield cutFrom(assign(model, order, turn, positions, resident))
    }
  }
}

/** Those whose measure is at most that of the given share of them. */
function lowest(positions: readonly number[], measure: readonly number[], share: number): number[] {
  const sorted = [...measure].sort((a, b) => a - b)
  const few = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return positions.filter((_, i) => measure[i]! <= few)
}

function isLow(crossing: readonly number[], p: number): boolean {
  const here = crossing[p]!
  return here <= (crossing[p - 1] ?? here) && here <= (crossing[p + 1] ?? here)
}

/**
 * Bytes that cross from each forward position to later forward ones, twice those that nothing reads backward, since keeping
 * them serves no other end; and what is taken to live throughout.
 */
function crossings(
  model: Model,
  order: readonly DagTaskId[],
  turn: number,
): { crossing: number[]; resident: Set<DagValueId> } {
  const last = new Map<DagValueId, number>()
  for (let i = 0; i < turn; i++) for (const v of model.reads[order[i]!]!) last.set(v, i)
  const readBack = new Set(order.slice(turn).flatMap(t => [...model.reads[t]!]))
  const change = new Float64Array(turn + 1)
  const resident = new Set<DagValueId>()
  for (let i = 0; i < turn; i++)
    for (const w of model.writes[order[i]!]!) {
      const end = last.get(w) ?? i
      if (model.output[w] === 1 || end - i > Math.max(8, longSpan * turn)) resident.add(w)
      else {
        const bytes = model.size[w]! * (readBack.has(w) ? 1 : 2)
        change[i]! += bytes
        change[end]! -= bytes
      }
    }
  const crossing: number[] = []
  let bytes = 0
  for (let i = 0; i + 1 < turn; i++) {
    bytes += change[i]!
    crossing.push(bytes)
  }
  return { crossing, resident }
}

interface Assigned {
  readonly forward: readonly DagTaskId[][]
  readonly backward: readonly DagTaskId[][]
  /** The block that makes a forward value, and the highest that reads it, forward or backward. */
  readonly made: ReadonlyMap<DagValueId, number>
  readonly until: ReadonlyMap<DagValueId, number>
  readonly resident: ReadonlySet<DagValueId>
}

function assign(
  model: Model,
  order: readonly DagTaskId[],
  turn: number,
  positions: readonly number[],
  resident: ReadonlySet<DagValueId>,
): Assigned {
  const count = positions.length + 1
  const forward: DagTaskId[][] = Array.from({ length: count }, () => [])
  const made = new Map<DagValueId, number>()
  const until = new Map<DagValueId, number>()
  const reads = (t: DagTaskId): number[] => [...model.reads[t]!].filter(v => made.has(v) && !resident.has(v))
  for (let i = 0, k = 0; i < turn; i++) {
    if (k < positions.length && i > positions[k]!) k++
    const t = order[i]!
    forward[k]!.push(t)
    for (const w of model.writes[t]!) made.set(w, k)
    for (const v of reads(t)) until.set(v, Math.max(until.get(v) ?? 0, k))
  }
  const tasks = order.slice(turn)
  const blockOf = backwardBlocks(model, tasks, count, made, until, reads)
  const backward: DagTaskId[][] = Array.from({ length: count }, () => [])
  for (const [i, t] of tasks.entries()) {
    backward[blockOf[i]!]!.push(t)
    for (const v of reads(t)) until.set(v, Math.max(until.get(v) ?? 0, blockOf[i]!))
  }
  return { forward, backward, made, until, resident }
}

/** Bytes of the state after each block but the last. */
function stateBytes(model: Model, { forward, made, until, resident }: Assigned): number[] {
  const bytes = forward.map(() => 0)
  for (const [v, k] of made) {
    const end = until.get(v) ?? 0
    if (resident.has(v) || end <= k) continue
    bytes[k]! += model.size[v]!
    bytes[end]! -= model.size[v]!
  }
  for (let k = 1; k < bytes.length; k++) bytes[k]! += bytes[k - 1]!
  return bytes.slice(0, -1)
}

function cutFrom({ forward, backward, made, until, resident }: Assigned): Cut {
  const states: Set<DagValueId>[] = forward.map(() => new Set())
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
