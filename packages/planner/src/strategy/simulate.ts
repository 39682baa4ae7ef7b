import type { Model } from '../dag/model.ts'

/** A residency of a value, from the run that computes it to its last reader. */
export interface Instances {
  /** Number of instances in the arrays below. */
  count: number
  value: Int32Array
  /** Position of the run that computes it; −1 for an input. */
  start: Int32Array
  /** Position of the last reader; the length of the sequence for an output. */
  end: Int32Array
  /** 0: a place of its own, freed after `end`. 1: lies in its pinned buffer. 2: copied there after `end`. 3: its place is taken at `end`. */
  fate: Uint8Array
  /** The instance whose place it takes, or −1. */
  over: Int32Array
}

/**
 * Follows a sequence of runs: which values live when, which take the place of others, and how many bytes that is at each
 * position. Frees come right after a value's last reader; in-place pairs and donations are used wherever they may be.
 * Holds its buffers, so that a search can call it often.
 */
export class Simulation {
  readonly model: Model
  readonly instances: Instances
  /** Bytes alive during each run, workspace included. */
  memory: Float64Array
  length = 0
  cost = 0
  peak = 0
  peakAt = 0
  readonly #current: Int32Array
  readonly #lastOld: Int32Array
  #readInstance: Int32Array
  #readStart: Int32Array

  constructor(model: Model) {
    this.model = model
    const room = model.size.length + 16
    this.instances = {
      count: 0,
      value: new Int32Array(room),
      start: new Int32Array(room),
      end: new Int32Array(room),
      fate: new Uint8Array(room),
      over: new Int32Array(room),
    }
    this.memory = new Float64Array(room)
    this.#current = new Int32Array(model.size.length)
    this.#lastOld = new Int32Array(model.size.length)
    this.#readInstance = new Int32Array(4 * room)
    this.#readStart = new Int32Array(room)
  }

  /** Runs the first `length` tasks of `sequence`; returns the peak in bytes. */
  run(sequence: Int32Array, length: number): number {
    this.#reserve(sequence, length)
    this.#trace(sequence, length)
    this.#settleSuccessors(sequence)
    this.#takePlaces(sequence)
    this.#measure(sequence)
    return this.peak
  }

  #reserve(sequence: Int32Array, length: number): void {
    const { model, instances } = this
    let [writes, reads] = [model.size.length, 0]
    for (let i = 0; i < length; i++) {
      writes += model.writes[sequence[i]!]!.length
      reads += model.reads[sequence[i]!]!.length
    }
    if (instances.value.length < writes) {
      const room = 2 * writes
      instances.value = new Int32Array(room)
      instances.start = new Int32Array(room)
      instances.end = new Int32Array(room)
      instances.fate = new Uint8Array(room)
      instances.over = new Int32Array(room)
    }
    if (this.#readInstance.length < reads) this.#readInstance = new Int32Array(2 * reads)
    if (this.memory.length < length + 2) {
      this.memory = new Float64Array(2 * length + 2)
      this.#readStart = new Int32Array(2 * length + 2)
    }
    this.length = length
  }

  #open(value: number, start: number): void {
    const { instances } = this
    const k = instances.count++
    instances.value[k] = value
    instances.start[k] = start
    instances.end[k] = start
    instances.fate[k] = 0
    instances.over[k] = -1
    this.#current[value] = k
  }

  #trace(sequence: Int32Array, length: number): void {
    const { model, instances } = this
    const { dag, pinned, producer } = model
    instances.count = 0
    this.#current.fill(-1)
    this.#lastOld.fill(-1)
    for (let v = 0; v < pinned.length; v++)
      if (pinned[v] === 0 && producer[v]! < 0 && dag.values[v]!.input === true) {
        // Freed before the first run, unless something reads it.
        this.#open(v, -1)
      }
    let at = 0
    let cost = 0
    for (let i = 0; i < length; i++) {
      const t = sequence[i]!
      cost += model.cost[t]!
      this.#readStart[i] = at
      for (const v of model.reads[t]!) {
        if (pinned[v] === 1) {
          this.#lastOld[v] = i
          this.#readInstance[at++] = -1
          continue
        }
        const k = this.#current[v]!
        if (k < 0) throw new RangeError(`task ${t} reads value ${v} before it is computed`)
        instances.end[k] = i
        this.#readInstance[at++] = k
      }
      for (const v of model.writes[t]!) this.#open(v, i)
    }
    this.#readStart[length] = at
    this.cost = cost
    for (const v of dag.outputs) if (pinned[v] === 0) instances.end[this.#current[v]!] = length
  }

  /** Each successor goes into its buffer when it is computed, if the old content has been read by then; else it is copied. */
  #settleSuccessors(sequence: Int32Array): void {
    const { model, instances } = this
    for (const { pinned, value } of model.dag.next ?? []) {
      const k = this.#current[value]!
      const start = instances.start[k]!
      const old = this.#lastOld[pinned]!
      const direct =
        old < start ||
        (old === start && model.inPlace[sequence[start]!]!.some(([p, w]) => p === pinned && w === value))
      if (direct) {
        instances.fate[k] = 1
        continue
      }
      instances.fate[k] = 2
      instances.end[k] = Math.max(old, start)
      this.cost += model.copyCost[pinned]!
    }
  }

  #takePlaces(sequence: Int32Array): void {
    const { model, instances } = this
    const { value, start, end, fate, over } = instances
    let first = 0
    while (first < instances.count && start[first]! < 0) first++
    for (let i = 0, k = first; i < this.length; i++) {
      const t = sequence[i]!
      const writes = model.writes[t]!
      for (const [place, write] of model.inPlace[t]!) {
        if (model.pinned[place] === 1) continue
        let p = -1
        for (let r = this.#readStart[i]!; r < this.#readStart[i + 1]!; r++)
          if (this.#readInstance[r]! >= 0 && value[this.#readInstance[r]!] === place)
            p = this.#readInstance[r]!
        if (p < 0 || end[p] !== i || fate[p] !== 0) continue
        const w = k + writes.indexOf(write)
        if (fate[w] === 1 || over[w]! >= 0) continue
        fate[p] = 3
        over[w] = p
      }
      k += writes.length
    }
  }

  #measure(sequence: Int32Array): void {
    const { model, instances, memory, length } = this
    memory.fill(0, 0, length + 2)
    for (let k = 0; k < instances.count; k++) {
      const fate = instances.fate[k]!
      if (fate === 1) continue
      const size = model.size[instances.value[k]!]!
      // During the run that takes a place, the old content is still read: it counts, the result within it does not.
      const from = Math.max(instances.start[k]! + (instances.over[k]! >= 0 ? 1 : 0), 0)
      const to = instances.end[k]! + 1
      memory[from]! += size
      if (to <= length) memory[Math.max(to, from)]! -= size
    }
    let live = model.pinnedSize
    let peak = model.startSize
    this.peakAt = 0
    for (let i = 0; i < length; i++) {
      live += memory[i]!
      const used = live + model.workspace[sequence[i]!]!
      memory[i] = used
      if (used > peak) {
        peak = used
        this.peakAt = i
      }
    }
    this.peak = peak
  }

  /** Sum over all positions of the bytes above `target`. */
  excess(target: number): number {
    let sum = 0
    for (let i = 0; i < this.length; i++) if (this.memory[i]! > target) sum += this.memory[i]! - target
    return sum
  }
}
