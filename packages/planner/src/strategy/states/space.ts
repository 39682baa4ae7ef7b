import type { DagTaskId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { addBit, bitSet, hasBit, isWithin, meets, wordsFor } from './bits.ts'

/** A task as bit sets of values. */
export interface SpaceTask {
  readonly id: DagTaskId
  readonly cost: number
  readonly workspace: number
  readonly reads: Int32Array
  readonly writes: Int32Array
  /** Results that may take the place of something the task reads, pinned values aside. */
  readonly pairs: readonly { readonly place: number; readonly write: number }[]
  /** Successors of the old contents that it reads: once one of them lies in its buffer, the task cannot run. */
  readonly bars: Int32Array
  /** Successors that it may write straight into their buffers. */
  readonly donates: readonly number[]
  /** Bit among the tasks that must run once; −1 for others. */
  readonly once: number
}

/** Where a schedule stands. Successors that lie in their buffers count as live. */
export interface State {
  readonly live: Int32Array
  readonly homed: Int32Array
  /** `once` tasks that have run. */
  readonly ran: Int32Array
}

/** What may still be of use, given the successors in their buffers and the `once` tasks that have run. */
export interface Outlook {
  readonly tasks: readonly SpaceTask[]
  /** Values that those read, or that must be there at the end. */
  readonly useful: Int32Array
}

/** The needed tasks of a model and the values that they read and write, pinned ones aside, as bit sets. */
export class Space {
  readonly model: Model
  readonly words: number
  readonly onceWords: number
  readonly tasks: readonly SpaceTask[]
  /** By value bit. */
  readonly sizes: Float64Array
  /** By value bit: what it costs to copy a successor into its buffer. */
  readonly copyCosts: Float64Array
  readonly successors: readonly number[]
  /** Values that must be there at the end. */
  readonly #goals: Int32Array
  readonly #inputs: Int32Array
  readonly #outlooks = new Map<string, Outlook>()
  readonly #missing: Int32Array

  constructor(model: Model) {
    this.model = model
    const bits = new Map<number, number>()
    const bit = (v: number): number => {
      const known = bits.get(v) ?? bits.size
      bits.set(v, known)
      return known
    }
    const own = (values: Iterable<number>): number[] =>
      [...values].filter(v => model.pinned[v] === 0).map(bit)
    for (const t of model.needed) own([...model.reads[t]!, ...model.writes[t]!])
    const outputs = own(model.dag.outputs)
    const next = model.dag.next ?? []
    this.words = Math.max(1, wordsFor(bits.size))
    this.sizes = new Float64Array(32 * this.words)
    this.copyCosts = new Float64Array(32 * this.words)
    for (const [v, b] of bits) this.sizes[b] = model.size[v]!
    for (const { value, copyCost } of next) this.copyCosts[bit(value)] = copyCost
    this.successors = next.map(n => bit(n.value))
    this.#goals = bitSet(this.words, [...outputs, ...this.successors])
    this.#inputs = bitSet(this.words, own([...bits.keys()].filter(v => model.producer[v]! < 0)))
    this.#missing = new Int32Array(this.words)
    const once = model.needed.filter(t => model.once[t] === 1)
    this.onceWords = wordsFor(once.length)
    this.tasks = model.needed.map((id): SpaceTask => {
      const olds = [...model.reads[id]!].filter(v => model.nextOf[v]! >= 0)
      const pairs = model.inPlace[id]!
      const donates = [...model.writes[id]!].filter(w => {
        const p = model.bufferOf[w]!
        return p >= 0 && (!olds.includes(p) || pairs.some(([q, x]) => q === p && x === w))
      })
      return {
        id,
        cost: model.cost[id]!,
        workspace: model.workspace[id]!,
        reads: bitSet(this.words, own(model.reads[id]!)),
        writes: bitSet(this.words, own(model.writes[id]!)),
        pairs: pairs
          .filter(([p, w]) => model.pinned[p] === 0 && model.size[w]! > 0)
          .map(([p, w]) => ({ place: bit(p), write: bit(w) })),
        bars: bitSet(
          this.words,
          olds.map(p => bit(model.nextOf[p]!)),
        ),
        donates: donates.map(bit),
        once: once.indexOf(id),
      }
    })
  }

  /** Before the first run. */
  start(): State {
    const [homed, ran] = [new Int32Array(this.words), new Int32Array(this.onceWords)]
    const { useful } = this.outlook(homed, ran)
    return { live: this.#inputs.map((bits, i) => bits & useful[i]!), homed, ran }
  }

  /** Whether a task may still run, were its inputs there. */
  mayRun(task: SpaceTask, homed: Int32Array, ran: Int32Array): boolean {
    return !meets(task.bars, homed) && (task.once < 0 || !hasBit(ran, task.once))
  }

  outlook(homed: Int32Array, ran: Int32Array): Outlook {
    const key = `${homed.join()};${ran.join()}`
    const known = this.#outlooks.get(key)
    if (known !== undefined) return known
    const useful = this.#goals.map((bits, i) => bits & ~homed[i]!)
    const tasks: SpaceTask[] = []
    for (let t = this.tasks.length - 1; t >= 0; t--) {
      const task = this.tasks[t]!
      if (!meets(task.writes, useful) || !this.mayRun(task, homed, ran)) continue
      tasks.push(task)
      for (let i = 0; i < useful.length; i++) useful[i]! |= task.reads[i]! & ~homed[i]!
    }
    const outlook = { tasks: tasks.reverse(), useful }
    this.#outlooks.set(key, outlook)
    return outlook
  }

  /**
   * Cost of the tasks that must run at least once from here, and their number: those that make a missing goal, and those
   * that make what they read and is missing. undefined if one of them cannot run any more.
   */
  ahead({ live, homed, ran }: State): { cost: number; count: number } | undefined {
    const missing = this.#missing
    for (let i = 0; i < missing.length; i++) missing[i] = this.#goals[i]! & ~live[i]!
    let [cost, count] = [0, 0]
    for (let t = this.tasks.length - 1; t >= 0; t--) {
      const task = this.tasks[t]!
      if (!meets(task.writes, missing)) continue
      if (!this.mayRun(task, homed, ran)) return undefined
      cost += task.cost
      count++
      for (let i = 0; i < missing.length; i++) missing[i]! |= task.reads[i]! & ~live[i]!
    }
    return meets(missing, this.#inputs) ? undefined : { cost, count }
  }

  /** Cost of the copies that a state with all goals still has to make. */
  copies({ homed }: State): number {
    let cost = 0
    for (const w of this.successors) if (!hasBit(homed, w)) cost += this.copyCosts[w]!
    return cost
  }

  /** Whether the inputs of a task are there and it may run. */
  canRun(task: SpaceTask, { live, homed, ran }: State): boolean {
    return isWithin(task.reads, live) && this.mayRun(task, homed, ran)
  }

  /**
   * The sets of successors that a run may write straight into their buffers, as far as one is not plainly better. One that
   * lives elsewhere is given up for that: it saves the copy.
   */
  donations(task: SpaceTask, state: State, open: readonly SpaceTask[]): Int32Array[] {
    let sets = [new Int32Array(this.words)]
    for (const w of task.donates) {
      if (hasBit(state.homed, w)) continue
      const readers = open.filter(t => hasBit(t.bars, w))
      const alone = isWithin(task.writes, bitSet(this.words, [w]))
      const withIt = sets.map(set => {
        const more = set.slice()
        addBit(more, w)
        return more
      })
      // Where nobody reads the old content any more there is no reason to wait.
      if (readers.every(t => t === task && alone)) sets = withIt
      else sets = [...sets, ...withIt]
    }
    return sets
  }
}
