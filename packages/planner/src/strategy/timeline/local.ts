import type { DagTaskId } from '../../dag/dag.ts'
import type { Measure } from './measure.ts'
import type { Profile } from './profile.ts'

/** What was measured before, in stages that have changed since. */
export type Before = Map<number, number>

/**
 * The most bytes at once of what each stage touches, which the profile counts: measured where something changes, and as it was
 * before where that is taken back.
 */
export class Local {
  readonly #measure: Measure
  readonly #profile: Profile
  readonly #runs: readonly (readonly DagTaskId[])[]
  readonly #bytes: Float64Array
  /** Of each stage that was asked for, the bytes during each run, unless stale. */
  readonly #during: (number[] | undefined)[]
  readonly #stale: Uint8Array
  readonly #dirty: number[] = []
  readonly #isDirty: Uint8Array
  readonly #noting = new Set<Before>()

  /** `runs`: of each stage, as they change. */
  constructor(measure: Measure, profile: Profile, runs: readonly (readonly DagTaskId[])[]) {
    this.#measure = measure
    this.#profile = profile
    this.#runs = runs
    this.#bytes = new Float64Array(runs.length)
    this.#during = new Array<number[] | undefined>(runs.length).fill(undefined)
    this.#stale = new Uint8Array(runs.length)
    this.#isDirty = new Uint8Array(runs.length)
  }

  at(stage: number): number {
    return this.#bytes[stage]!
  }

  /** Bytes during each run of a stage of what it touches. */
  during(stage: number): readonly number[] {
    if (this.#stale[stage] === 1 || this.#during[stage] === undefined) this.#look(stage)
    return this.#during[stage]!
  }

  /** The run of a stage at which most is alive. */
  peakAt(stage: number): number {
    this.#look(stage)
    return this.#measure.peakAt
  }

  /** Something changes in a stage. */
  mark(stage: number): void {
    if (this.#isDirty[stage] === 1) return
    this.#isDirty[stage] = 1
    this.#dirty.push(stage)
  }

  /** From here on, `before` is told what there was in each stage that changes. */
  note(before: Before): void {
    this.#noting.add(before)
  }

  /** No longer. */
  forget(before: Before): void {
    this.#noting.delete(before)
  }

  /** Measures the stages in which something changed. */
  update(): void {
    for (const b of this.#dirty) {
      for (const before of this.#noting) if (!before.has(b)) before.set(b, this.#bytes[b]!)
      this.#set(b, this.#look(b))
    }
    this.#dirty.length = 0
  }

  /** Measures all stages for the first time. */
  start(): void {
    const during: number[] = []
    for (const b of this.#dirty) {
      this.#stale[b] = 1
      this.#set(b, this.#measure.run(b, this.#runs[b]!, during))
    }
    this.#dirty.length = 0
  }

  /** The stages in which something changed are as they were: so is what was measured there. */
  restore(before: Before): void {
    for (const b of this.#dirty) {
      const bytes = before.get(b)
      this.#set(b, bytes ?? this.#look(b))
      if (bytes !== undefined) this.#stale[b] = 1
    }
    this.#dirty.length = 0
    before.clear()
  }

  #look(b: number): number {
    this.#stale[b] = 0
    this.#during[b] ??= []
    return this.#measure.run(b, this.#runs[b]!, this.#during[b]!)
  }

  #set(b: number, bytes: number): void {
    this.#isDirty[b] = 0
    this.#profile.add(b, b, bytes - this.#bytes[b]!)
    this.#bytes[b] = bytes
  }
}
