import type { Dag, DagValueId, Plan, RunStep, Step } from '../dag/dag.ts'
import { PlanError } from '../errors.ts'
import { tasksOn } from './options.ts'
import { Regions } from './regions.ts'

/** Where a value is: in a place of its own, or in the buffer of a pinned value. */
interface Residence {
  readonly offset: number | undefined
  readonly buffer: DagValueId | undefined
}

/** A place that a result takes over, with the bytes of the value that ends there and of the result. */
interface Taken {
  readonly offset: number | undefined
  readonly old: number
  readonly now: number
}

export interface Observer {
  /** Called at each run with the bytes alive during it. */
  onRun?(step: number, bytes: number, live: ReadonlyMap<DagValueId, Residence>): void
}

export interface Replayed {
  readonly peakBytes: number
  /** End of the highest place. */
  readonly arenaBytes: number
  readonly cost: number
  readonly recomputedTasks: number
}

/**
 * Follows a plan step by step by the rules alone, knowing nothing of how it was found. Throws PlanError at the first
 * step that breaks one. The rules are those of the memory model: see the README.
 */
export class Replay {
  readonly dag: Dag
  readonly #on: Uint8Array
  readonly #align: number
  readonly #layout: boolean
  readonly #nextOf = new Map<DagValueId, DagValueId>()
  readonly #bufferOf = new Map<DagValueId, DagValueId>()
  readonly #copyCost = new Map<DagValueId, number>()
  readonly #live = new Map<DagValueId, Residence>()
  /** Pinned values whose old content is gone. */
  readonly #overwritten = new Set<DagValueId>()
  readonly #runs: Int32Array
  readonly #space = new Space()
  readonly #regions: Regions
  #bytes = 0
  #peak = 0
  #arena = 0
  #cost = 0
  #again = 0

  constructor(dag: Dag, plan: Plan) {
    this.dag = dag
    this.#on = tasksOn(dag, plan)
    this.#align = dag.align ?? 1
    for (const { pinned, value, copyCost } of dag.next ?? []) {
      this.#nextOf.set(pinned, value)
      this.#bufferOf.set(value, pinned)
      this.#copyCost.set(pinned, copyCost)
    }
    this.#runs = new Int32Array(dag.tasks.length)
    this.#regions = new Regions(dag, plan)
    this.#layout =
      plan.pinned.length > 0 ||
      plan.steps.some(s => 'run' in s && (s.at !== undefined || s.workspaceAt !== undefined))
    this.#start(plan)
  }

  run(plan: Plan, observer: Observer = {}): Replayed {
    for (const [i, step] of plan.steps.entries()) this.#follow(i, step, observer)
    this.#finish(plan.steps.length)
    return {
      peakBytes: this.#peak,
      arenaBytes: this.#layout ? this.#arena : this.#peak,
      cost: this.#cost,
      recomputedTasks: this.#again,
    }
  }

  /** Bytes of pinned values and inputs, and where they lie. */
  #start(plan: Plan): void {
    const at = new Map<number, number>()
    for (const [v, offset] of plan.pinned) {
      const value = this.dag.values[v]
      if (value === undefined || (value.pinned !== true && value.input !== true))
        throw new PlanError(-1, `'pinned' places value ${v}, which is neither pinned nor an input`)
      if (at.has(v)) throw new PlanError(-1, `'pinned' places value ${v} twice`)
      at.set(v, offset)
    }
    for (const [v, value] of this.dag.values.entries()) {
      if (value.pinned !== true && value.input !== true) continue
      const offset = at.get(v)
      if (this.#layout && offset === undefined)
        throw new PlanError(-1, `pinned value or input ${v} has no place`)
      if (offset !== undefined) this.#occupy(-1, `value ${v}`, offset, value.bytes)
      this.#live.set(v, { offset, buffer: undefined })
      this.#bytes += value.bytes
    }
    this.#peak = this.#bytes
  }

  #follow(i: number, step: Step, observer: Observer): void {
    if ('run' in step) this.#runTask(i, step, observer)
    else if ('free' in step) this.#free(i, step.free)
    else this.#commit(i, step.commit)
  }

  #runTask(i: number, step: RunStep, observer: Observer): void {
    const task = this.dag.tasks[step.run]
    if (task === undefined) throw new PlanError(i, `runs an unknown task ${step.run}`)
    if (this.#on[step.run] === 0)
      throw new PlanError(i, `runs task ${step.run}, which the picked options switch off`)
    this.#regions.before(i, this.#live)
    const runs = this.#runs[step.run]!++
    if (runs > 0) {
      if (task.once === true) throw new PlanError(i, `runs task ${step.run} again, which must run once`)
      this.#again++
    }
    this.#cost += task.cost
    for (const v of task.reads) this.#read(i, v)
    const taken: Taken[] = []
    const places = this.#results(i, step, taken)
    const workspace = task.workspace ?? 0
    if (workspace > 0 && this.#layout) {
      if (step.workspaceAt === undefined)
        throw new PlanError(i, `task ${step.run} has no place for its workspace`)
      this.#occupy(i, 'its workspace', step.workspaceAt, workspace)
    }
    const bytes = this.#bytes + workspace
    this.#peak = Math.max(this.#peak, bytes)
    observer.onRun?.(i, bytes, this.#live)
    if (workspace > 0 && this.#layout) this.#space.release(step.workspaceAt!, workspace)
    for (const v of places) this.#overwritten.add(v)
    for (const { offset, old, now } of taken) this.#shrink(offset, old, now)
    this.#regions.ran(step.run)
  }

  #read(i: number, v: DagValueId): void {
    if (!this.#live.has(v)) throw new PlanError(i, `reads value ${v}, which is not there`)
    if (this.#overwritten.has(v))
      throw new PlanError(i, `reads the old content of ${v}, which is overwritten`)
  }

  /** Gives every result its place; returns the pinned values that are overwritten, and adds to `taken`. */
  #results(i: number, step: RunStep, taken: Taken[]): DagValueId[] {
    const task = this.dag.tasks[step.run]!
    const over = this.#placed(i, step, step.replaces)
    const at = this.#placed(i, step, step.at)
    if (over.size > 1 && new Set(over.values()).size !== over.size)
      throw new PlanError(i, 'two results replace one value')
    const donated: DagValueId[] = []
    for (const [w, place] of over) {
      if (at.has(w)) throw new PlanError(i, `value ${w} has a place and replaces another value`)
      if (this.#live.has(w))
        throw new PlanError(i, `computes value ${w}, which is there already, into another place`)
      if (this.dag.values[place]?.pinned === true) donated.push(this.#donate(i, step, w, place))
      else taken.push(this.#replace(i, step, w, place))
    }
    for (const w of task.writes) {
      if (over.has(w)) continue
      const offset = at.get(w)
      const known = this.#live.get(w)
      if (known !== undefined) {
        // Computed once more while it lives: the same bits in the same place.
        if (offset !== undefined && offset !== known.offset)
          throw new PlanError(i, `moves value ${w} while it lives`)
        continue
      }
      if (this.#layout && offset === undefined) throw new PlanError(i, `result ${w} has no place`)
      const { bytes } = this.dag.values[w]!
      if (offset !== undefined) this.#occupy(i, `value ${w}`, offset, bytes)
      this.#live.set(w, { offset, buffer: undefined })
      this.#bytes += bytes
    }
    return donated
  }

  /** What a step says of its results, by result. */
  #placed(i: number, step: RunStep, pairs: RunStep['at']): ReadonlyMap<DagValueId, number> {
    if (pairs === undefined) return nothing
    const { writes } = this.dag.tasks[step.run]!
    const found = new Map(pairs)
    for (const [w] of pairs)
      if (!writes.includes(w))
        throw new PlanError(i, `places value ${w}, which task ${step.run} does not write`)
    if (found.size !== pairs.length) throw new PlanError(i, 'places a result twice')
    return found
  }

  #donate(i: number, step: RunStep, w: DagValueId, buffer: DagValueId): DagValueId {
    const task = this.dag.tasks[step.run]!
    if (this.#bufferOf.get(w) !== buffer)
      throw new PlanError(i, `value ${w} is not the successor of ${buffer}`)
    if (this.#overwritten.has(buffer)) throw new PlanError(i, `overwrites ${buffer} twice`)
    if (task.reads.includes(buffer) && !lists(task.inPlace, buffer, w))
      throw new PlanError(
        i,
        `value ${w} takes the place of ${buffer}, which its task reads and may not overwrite`,
      )
    this.#live.set(w, { offset: this.#live.get(buffer)!.offset, buffer })
    return buffer
  }

  #replace(i: number, step: RunStep, w: DagValueId, place: DagValueId): Taken {
    const task = this.dag.tasks[step.run]!
    if (!lists(task.inPlace, place, w))
      throw new PlanError(i, `value ${w} may not take the place of ${place}`)
    const had = this.#live.get(place)
    if (had === undefined)
      throw new PlanError(i, `value ${w} takes the place of ${place}, which is not there`)
    if (had.buffer !== undefined)
      throw new PlanError(i, `value ${place} lives in a pinned buffer and cannot be replaced`)
    this.#live.delete(place)
    this.#live.set(w, { offset: had.offset, buffer: undefined })
    return { offset: had.offset, old: this.dag.values[place]!.bytes, now: this.dag.values[w]!.bytes }
  }

  /** A result within a larger place: the rest of it is read until the run is over, and free from then on. */
  #shrink(offset: number | undefined, old: number, now: number): void {
    this.#bytes += now - old
    if (offset === undefined) return
    this.#space.release(offset, old)
    this.#space.occupy(offset, now)
  }

  #free(i: number, v: DagValueId): void {
    const had = this.#live.get(v)
    if (had === undefined) throw new PlanError(i, `frees value ${v}, which is not there`)
    if (this.dag.values[v]!.pinned === true || had.buffer !== undefined)
      throw new PlanError(i, `frees value ${v}, which lives in a pinned buffer`)
    if (had.offset !== undefined) this.#space.release(had.offset, this.dag.values[v]!.bytes)
    this.#live.delete(v)
    this.#bytes -= this.dag.values[v]!.bytes
  }

  #commit(i: number, buffer: DagValueId): void {
    const v = this.#nextOf.get(buffer)
    if (v === undefined) throw new PlanError(i, `commits ${buffer}, which has no successor`)
    const had = this.#live.get(v)
    if (had === undefined) throw new PlanError(i, `commits ${buffer}, whose successor ${v} is not there`)
    if (this.#overwritten.has(buffer)) throw new PlanError(i, `overwrites ${buffer} twice`)
    if (had.offset !== undefined) this.#space.release(had.offset, this.dag.values[v]!.bytes)
    this.#bytes -= this.dag.values[v]!.bytes
    this.#live.set(v, { offset: this.#live.get(buffer)!.offset, buffer })
    this.#overwritten.add(buffer)
    this.#cost += this.#copyCost.get(buffer)!
  }

  #finish(steps: number): void {
    for (const v of this.dag.outputs) {
      if (!this.#live.has(v)) throw new PlanError(steps, `output ${v} is not there at the end`)
      if (this.#overwritten.has(v)) throw new PlanError(steps, `output ${v} is overwritten`)
    }
    for (const [buffer, v] of this.#nextOf)
      if (!this.#overwritten.has(buffer))
        throw new PlanError(steps, `${buffer} never becomes its successor ${v}`)
  }

  #occupy(i: number, what: string, offset: number, bytes: number): void {
    if (!Number.isSafeInteger(offset) || offset < 0) throw new PlanError(i, `${what} lies at ${offset}`)
    if (offset % this.#align !== 0)
      throw new PlanError(i, `${what} lies at ${offset}, not a multiple of ${this.#align}`)
    this.#arena = Math.max(this.#arena, offset + bytes)
    if (!this.#space.occupy(offset, bytes))
      throw new PlanError(i, `${what} at ${offset} overlaps something that lives`)
  }
}

const nothing: ReadonlyMap<DagValueId, number> = new Map()

function lists(
  pairs: readonly (readonly [number, number])[] | undefined,
  place: number,
  write: number,
): boolean {
  return (pairs ?? []).some(([p, w]) => p === place && w === write)
}

/** Ranges of bytes that are taken, sorted by start. */
class Space {
  readonly #starts: number[] = []
  readonly #ends: number[] = []

  /** False if it overlaps. */
  occupy(offset: number, bytes: number): boolean {
    if (bytes === 0) return true
    const at = this.#search(offset)
    if (at > 0 && this.#ends[at - 1]! > offset) return false
    if (at < this.#starts.length && this.#starts[at]! < offset + bytes) return false
    this.#starts.splice(at, 0, offset)
    this.#ends.splice(at, 0, offset + bytes)
    return true
  }

  release(offset: number, bytes: number): void {
    if (bytes === 0) return
    const at = this.#search(offset)
    if (this.#starts[at] !== offset) throw new RangeError(`nothing lies at ${offset}`)
    this.#starts.splice(at, 1)
    this.#ends.splice(at, 1)
  }

  /** The first index whose start is at least `offset`. */
  #search(offset: number): number {
    let [low, high] = [0, this.#starts.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#starts[middle]! < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
