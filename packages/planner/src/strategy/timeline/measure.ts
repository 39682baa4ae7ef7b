import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import type { Touches } from './touches.ts'
import type { Updates } from './updates.ts'

/** Follows the runs of one stage: the most bytes alive at once of what the stage touches. */
export class Measure {
  /** Index of the run at which most is alive. */
  peakAt = 0
  readonly #model: Model
  readonly #touches: Touches
  readonly #updates: Updates
  readonly #final: number
  readonly #seen: Int32Array
  readonly #counted: Int32Array
  readonly #needed: Uint8Array
  /** Values by the run after which they are gone, the last run first. */
  #deaths = new Int32Array(64)
  #deathsEnd = new Int32Array(64)
  /** Results that take a place in the present run. */
  readonly #taken = new Set<DagValueId>()
  /** When a value dies: its place may be taken then. */
  readonly #dying: Int32Array
  #epoch = 0
  #time = 0

  constructor(model: Model, touches: Touches, updates: Updates, final: number) {
    this.#model = model
    this.#touches = touches
    this.#updates = updates
    this.#final = final
    this.#seen = new Int32Array(model.size.length)
    this.#counted = new Int32Array(model.size.length)
    this.#needed = new Uint8Array(model.size.length)
    this.#dying = new Int32Array(model.size.length)
  }

  /** Writes the bytes alive during each run into `during`. */
  run(b: number, runs: readonly DagTaskId[], during: number[]): number {
    const { size, workspace, writes, inPlace, bufferOf, pinned } = this.#model
    let live = this.#look(b, runs)
    let peak = live
    this.peakAt = 0
    let death = this.#deathsEnd[0]!
    for (let i = 0; i < runs.length; i++) {
      const t = runs[i]!
      const time = ++this.#time
      const first = this.#deathsEnd[i + 1]!
      for (let k = first; k < death; k++) this.#dying[this.#deaths[k]!] = time
      let fresh = 0
      for (const w of writes[t]!) if (!this.#inBuffer(w, t, b)) fresh += size[w]!
      let swapped = 0
      const pairs = inPlace[t]!
      for (let k = 0; k < pairs.length; k++) {
        const [place, w] = pairs[k]!
        if (this.#dying[place] !== time || pinned[place] === 1 || bufferOf[place]! >= 0) continue
        if (this.#inBuffer(w, t, b)) continue
        if (this.#taken.has(w)) continue
        this.#taken.add(w)
        this.#dying[place] = 0
        fresh -= size[w]!
        swapped += size[w]!
      }
      if (pairs.length > 0) this.#taken.clear()
      const used = live + fresh + workspace[t]!
      during[i] = used
      if (used > peak) {
        peak = used
        this.peakAt = i
      }
      live += fresh + swapped
      for (let k = first; k < death; k++) live -= size[this.#deaths[k]!]!
      death = first
    }
    return peak
  }

  /** Finds what dies where, from the end; returns the bytes of what is there at the start. */
  #look(b: number, runs: readonly DagTaskId[]): number {
    const { size, reads, writes, nextOf, bufferOf, pinned } = this.#model
    const { copyEnd } = this.#updates
    const [seen, counted, needed] = [this.#seen, this.#counted, this.#needed]
    this.#reserve(runs)
    const [deaths, ends] = [this.#deaths, this.#deathsEnd]
    const epoch = ++this.#epoch
    let count = 0
    ends[runs.length] = 0
    const last = b === this.#final
    const meet = (v: DagValueId): void => {
      if (seen[v] === epoch) return
      seen[v] = epoch
      needed[v] = (last && this.#model.output[v] === 1) || this.#touches.stays(v, b) ? 1 : 0
    }
    for (let i = runs.length - 1; i >= 0; i--) {
      const t = runs[i]!
      const w = writes[t]!
      for (let k = 0; k < w.length; k++) {
        const v = w[k]!
        if (bufferOf[v]! >= 0) {
          // Only the last run of a task makes a successor.
          if (this.#updates.lastRun(t) !== b) deaths[count++] = v
          continue
        }
        meet(v)
        if (needed[v] === 0) deaths[count++] = v
        needed[v] = 0
      }
      const r = reads[t]!
      for (let k = 0; k < r.length; k++) {
        const v = r[k]!
        if (pinned[v] === 1) {
          // A successor that is copied goes when the old content is read for the last time.
          const next = nextOf[v]!
          if (next >= 0 && copyEnd[next] === b && seen[next] !== epoch) {
            seen[next] = epoch
            deaths[count++] = next
          }
          continue
        }
        if (bufferOf[v]! >= 0) continue
        meet(v)
        if (needed[v] === 0) deaths[count++] = v
        needed[v] = 1
      }
      ends[i] = count
    }
    let live = 0
    const enter = (v: DagValueId): void => {
      if (counted[v] === epoch) return
      counted[v] = epoch
      if (needed[v] === 1) live += size[v]!
    }
    for (const t of runs) {
      const r = reads[t]!
      for (let k = 0; k < r.length; k++) if (seen[r[k]!] === epoch) enter(r[k]!)
      const w = writes[t]!
      for (let k = 0; k < w.length; k++) if (seen[w[k]!] === epoch) enter(w[k]!)
    }
    if (last)
      for (const v of this.#updates.finals)
        if (bufferOf[v]! < 0) {
          if (seen[v] !== epoch) needed[v] = 1
          enter(v)
        }
    for (const w of this.#updates.endingAt(b)) if (this.#updates.copyStart[w]! < b) live += size[w]!
    return live
  }

  /** Whether a result of `t` in stage `b` goes straight into a pinned buffer. */
  #inBuffer(w: DagValueId, t: DagTaskId, b: number): boolean {
    return this.#model.bufferOf[w]! >= 0 && this.#updates.copyEnd[w]! < 0 && this.#updates.lastRun(t) === b
  }

  #reserve(runs: readonly DagTaskId[]): void {
    const { reads, writes } = this.#model
    let room = 0
    for (let i = 0; i < runs.length; i++) room += reads[runs[i]!]!.length + writes[runs[i]!]!.length
    if (room > this.#deaths.length) this.#deaths = new Int32Array(2 * room)
    if (runs.length >= this.#deathsEnd.length) this.#deathsEnd = new Int32Array(2 * runs.length + 2)
  }
}
