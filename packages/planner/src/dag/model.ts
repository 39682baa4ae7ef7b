import { DagError } from '../errors.ts'
import { type Checkpoint, checkpointsOf } from './checkpoints.ts'
import type { Dag, DagTaskId, DagValueId } from './dag.ts'

/**
 * A DAG checked and laid out in arrays for searching. (A class, so that engines know its shape from the first one on: of what an
 * object literal makes, V8 learns with the second, and then compiles all that reads it again.)
 */
export class Model {
  readonly dag: Dag
  readonly align: number
  /** Bytes of each value and workspace, rounded up to the alignment: what they take of an arena. */
  readonly size: Float64Array
  readonly workspace: Float64Array
  readonly cost: Float64Array
  /** Distinct values read and written by each task. */
  readonly reads: readonly (readonly DagValueId[])[]
  readonly writes: readonly (readonly DagValueId[])[]
  /** Pairs of each task that may be used, largest result first. */
  readonly inPlace: readonly (readonly (readonly [place: DagValueId, write: DagValueId])[])[]
  /** The task that computes a value under the picked options; −1 for pinned values and inputs. */
  readonly producer: Int32Array
  readonly pinned: Uint8Array
  readonly output: Uint8Array
  readonly once: Uint8Array
  /** Pinned value → its successor; −1 if it stays. */
  readonly nextOf: Int32Array
  /** Successor → pinned value; −1. */
  readonly bufferOf: Int32Array
  /** By pinned value. */
  readonly copyCost: Float64Array
  /** Tasks that outputs and successors need, in file order. */
  readonly needed: readonly DagTaskId[]
  readonly baseCost: number
  /** Bytes of all pinned values, aligned. */
  readonly pinnedSize: number
  /** Bytes of pinned values and inputs, aligned. */
  readonly startSize: number
  /** The option picked of each choice. */
  readonly choice: readonly number[]
  /** Those with something to drop. */
  readonly checkpoints: readonly Checkpoint[]

  /** With the picked option of each choice. Throws DagError. */
  constructor(dag: Dag, choice: readonly number[]) {
    this.dag = dag
    this.align = dag.align ?? 1
    const up = (bytes: number): number => Math.ceil(bytes / this.align) * this.align
    const { pinned, output, producer, resident } = roles(dag, switchedOff(dag, choice))
    this.reads = dag.tasks.map(t => distinct(t.reads))
    this.writes = dag.tasks.map(t => t.writes)
    const { nextOf, bufferOf, copyCost } = successors(dag, pinned, producer)
    this.needed = neededTasks(dag, producer, resident)
    checkOrder(dag, this.needed, producer)
    const size = numbers(dag.values, v => up(v.bytes))
    this.size = size
    this.workspace = numbers(dag.tasks, t => up(t.workspace ?? 0))
    this.cost = numbers(dag.tasks, t => t.cost)
    this.inPlace = dag.tasks.map(({ inPlace: pairs = [] }) =>
      pairs.length < 2 ? pairs : pairs.toSorted((a, b) => size[b[1]]! - size[a[1]]!),
    )
    this.producer = producer
    this.pinned = pinned
    this.output = output
    this.once = flags(dag.tasks, t => t.once === true)
    this.nextOf = nextOf
    this.bufferOf = bufferOf
    this.copyCost = copyCost
    this.baseCost = this.needed.reduce((n, t) => n + dag.tasks[t]!.cost, 0)
    this.pinnedSize = size.reduce((n, bytes, i) => (pinned[i] === 1 ? n + bytes : n), 0)
    this.startSize = size.reduce((n, bytes, i) => (resident[i] === 1 ? n + bytes : n), 0)
    this.choice = choice
    this.checkpoints = checkpointsOf(dag, this.needed)
  }
}

/** Checks a DAG and prepares it, with the picked option of each choice: the first unless said. Throws DagError. */
export function modelOf(dag: Dag, choice: readonly number[] = (dag.choices ?? []).map(() => 0)): Model {
  return new Model(dag, choice)
}

function numbers<T>(list: readonly T[], of: (item: T) => number): Float64Array {
  const found = new Float64Array(list.length)
  for (let i = 0; i < list.length; i++) found[i] = of(list[i]!)
  return found
}

function flags<T>(list: readonly T[], of: (item: T) => boolean): Uint8Array {
  const found = new Uint8Array(list.length)
  for (let i = 0; i < list.length; i++) if (of(list[i]!)) found[i] = 1
  return found
}

/** A list without what has come before; itself, if nothing has. */
function distinct(list: readonly DagValueId[]): readonly DagValueId[] {
  if (list.length < 2) return list
  if (list.length > 16) return [...new Set(list)]
  return list.every((v, i) => list.indexOf(v) === i) ? list : list.filter((v, i) => list.indexOf(v) === i)
}

/** Tasks that the picked options do without, as a flag a task. */
function switchedOff(dag: Dag, choice: readonly number[]): Uint8Array {
  const off = new Uint8Array(dag.tasks.length)
  for (const [i, { name, options }] of (dag.choices ?? []).entries()) {
    const option = options[choice[i] ?? -1]
    if (option === undefined)
      throw new DagError(`choice '${name}' has no such option`, {
        expected: `0 to ${options.length - 1}`,
        got: String(choice[i]),
      })
    for (const t of options.flatMap(o => o.off))
      if (off[t] === undefined)
        throw new DagError(`choice '${name}' switches off an unknown task`, { got: String(t) })
    for (const t of option.off) off[t] = 1
  }
  return off
}

interface Roles extends Pick<Model, 'pinned' | 'output' | 'producer'> {
  /** Pinned values and inputs, as a flag a value. */
  readonly resident: Uint8Array
}

function roles(dag: Dag, off: Uint8Array): Roles {
  const count = dag.values.length
  const pinned = flags(dag.values, v => v.pinned === true)
  const resident = flags(dag.values, v => v.pinned === true || v.input === true)
  const output = new Uint8Array(count)
  const producer = new Int32Array(count).fill(-1)
  const known = (v: number, what: string): void => {
    if (!Number.isInteger(v) || v < 0 || v >= count)
      throw new DagError(`${what} names an unknown value`, { got: String(v) })
  }
  for (const [i, v] of dag.values.entries())
    if (!Number.isSafeInteger(v.bytes) || v.bytes < 0)
      throw new DagError(`value ${i} has a bad size`, { expected: 'whole bytes', got: String(v.bytes) })
  if (!Number.isInteger(dag.align ?? 1) || (dag.align ?? 1) < 1)
    throw new DagError('bad alignment', {
      expected: 'a positive whole number of bytes',
      got: String(dag.align),
    })
  for (const v of dag.outputs) {
    known(v, 'outputs')
    output[v] = 1
  }
  for (const [t, task] of dag.tasks.entries()) {
    if (!Number.isSafeInteger(task.cost) || task.cost < 0)
      throw new DagError(`task ${t} has a bad cost`, {
        expected: 'a whole number, at least 0',
        got: String(task.cost),
      })
    if (!Number.isSafeInteger(task.workspace ?? 0) || (task.workspace ?? 0) < 0)
      throw new DagError(`task ${t} has a bad workspace`, {
        expected: 'whole bytes',
        got: String(task.workspace),
      })
    for (const v of task.reads) known(v, `task ${t}`)
    for (const v of task.writes) {
      known(v, `task ${t}`)
      if (off[t] === 1) continue
      if (resident[v] === 1) throw new DagError(`task ${t} writes value ${v}, which is pinned or an input`)
      if (producer[v]! >= 0)
        throw new DagError(`value ${v} has two producers`, { got: `tasks ${producer[v]} and ${t}` })
      producer[v] = t
    }
    checkPairs(dag, t)
  }
  return { pinned, output, producer, resident }
}

function checkPairs(dag: Dag, t: DagTaskId): void {
  const task = dag.tasks[t]!
  for (const [place, write] of task.inPlace ?? []) {
    if (!task.reads.includes(place) || !task.writes.includes(write))
      throw new DagError(`task ${t} lists an in-place pair that it does not read and write`, {
        got: `[${place}, ${write}]`,
      })
    if (dag.values[write]!.bytes > dag.values[place]!.bytes)
      throw new DagError(`task ${t}: result ${write} is larger than the place ${place} that it may take`)
  }
}

function successors(
  dag: Dag,
  pinned: Uint8Array,
  producer: Int32Array,
): Pick<Model, 'nextOf' | 'bufferOf' | 'copyCost'> {
  const nextOf = new Int32Array(dag.values.length).fill(-1)
  const bufferOf = new Int32Array(dag.values.length).fill(-1)
  const copyCost = new Float64Array(dag.values.length)
  for (const { pinned: p, value: v, copyCost: cost } of dag.next ?? []) {
    if (pinned[p] !== 1) throw new DagError(`next names value ${p}, which is not pinned`)
    if (producer[v] === undefined || producer[v] < 0)
      throw new DagError(`the successor ${v} of ${p} is computed by no task`)
    if (nextOf[p] !== -1 || bufferOf[v] !== -1)
      throw new DagError(`two entries of next share value ${nextOf[p] === -1 ? v : p}`)
    if (dag.values[p]!.bytes !== dag.values[v]!.bytes)
      throw new DagError(`the successor ${v} of ${p} has another size`)
    if (!Number.isSafeInteger(cost) || cost < 0)
      throw new DagError(`the successor ${v} of ${p} has a bad copy cost`, { got: String(cost) })
    nextOf[p] = v
    bufferOf[v] = p
    copyCost[p] = cost
  }
  for (const v of dag.outputs)
    if (nextOf[v] !== -1)
      throw new DagError(`output ${v} is the old content of a pinned value that changes`, {
        hint: 'Add a task that copies it.',
      })
  return { nextOf, bufferOf, copyCost }
}

/** From the end, where all is known that asks for a result; what is computed too late is not found, and refused afterwards. */
function neededTasks(dag: Dag, producer: Int32Array, resident: Uint8Array): DagTaskId[] {
  const asked = new Uint8Array(dag.values.length)
  for (const v of dag.outputs) {
    if (producer[v]! < 0 && resident[v] === 0) throw new DagError(`output ${v} is computed by no task`)
    asked[v] = 1
  }
  for (const { value } of dag.next ?? []) asked[value] = 1
  const needed: DagTaskId[] = []
  for (let t = dag.tasks.length - 1; t >= 0; t--) {
    const { reads, writes } = dag.tasks[t]!
    if (!writes.some(v => asked[v] === 1 && producer[v] === t)) continue
    needed.push(t)
    for (const v of reads) {
      if (producer[v]! < 0 && resident[v] === 0)
        throw new DagError(`task ${t} reads value ${v}, which nothing computes`)
      asked[v] = 1
    }
  }
  return needed.reverse()
}

/** File order must be topological; a cycle never is. */
function checkOrder(dag: Dag, needed: readonly DagTaskId[], producer: Int32Array): void {
  const done = new Uint8Array(dag.tasks.length)
  for (const t of needed) {
    for (const v of dag.tasks[t]!.reads) {
      const p = producer[v]!
      if (p >= 0 && done[p] === 0)
        throw new DagError(`task ${t} reads value ${v}, which task ${p} computes later`, {
          hint: 'Tasks must stand in an order that respects reads; a cycle has none.',
        })
    }
    done[t] = 1
  }
}
