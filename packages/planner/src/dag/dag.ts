/** Index into `Dag.values`. */
export type DagValueId = number
/** Index into `Dag.tasks`. */
export type DagTaskId = number

export interface DagValue {
  readonly bytes: number
  readonly name?: string
  /** Resident throughout: parameters, state, constants. */
  readonly pinned?: boolean
  /** Resident at the start, may be freed after its last reader; never computed. */
  readonly input?: boolean
}

export interface DagTask {
  /** Whole units, so that sums are exact. */
  readonly cost: number
  readonly reads: readonly DagValueId[]
  readonly writes: readonly DagValueId[]
  readonly name?: string
  /** Where it comes from, for people: `model.ts:12`. */
  readonly site?: string
  /** Bytes needed only while it runs. */
  readonly workspace?: number
  /** This result may take this value's place. Pairs that share no place and no result may be used at once. */
  readonly inPlace?: readonly (readonly [place: DagValueId, write: DagValueId])[]
  /** Must not be recomputed. */
  readonly once?: boolean
}

/** The pinned buffer `pinned` gets the content `value`, written there directly or copied there later at `copyCost`. */
export interface DagNext {
  readonly pinned: DagValueId
  readonly value: DagValueId
  readonly copyCost: number
}

/** Alternatives: pick one option each; the tasks in `off` do not run. */
export interface DagChoice {
  readonly name: string
  readonly options: readonly { readonly off: readonly DagTaskId[] }[]
}

/**
 * A region of which nothing but `keeps` is stored: once each of its tasks has run, no other value that they write is
 * alive until it is computed again. Readers outside read what was computed again.
 */
export interface DagCheckpoint {
  readonly tasks: readonly DagTaskId[]
  /** Results of the region, among the values that its tasks write. */
  readonly keeps: readonly DagValueId[]
}

/** Tasks over values: what is computed, at what cost, in how many bytes. Plain data, and a file as JSON. */
export interface Dag {
  readonly values: readonly DagValue[]
  /** In an order that respects reads. */
  readonly tasks: readonly DagTask[]
  readonly next?: readonly DagNext[]
  readonly choices?: readonly DagChoice[]
  readonly checkpoints?: readonly DagCheckpoint[]
  readonly outputs: readonly DagValueId[]
  /** Bytes at which values and workspaces start; 1 unless said. */
  readonly align?: number
}

export interface RunStep {
  readonly run: DagTaskId
  /** Places of results, in bytes from the start of the arena. */
  readonly at?: readonly (readonly [write: DagValueId, offset: number])[]
  readonly workspaceAt?: number
  /** Results that take the place of a value that ends here, or of a pinned value's old content. */
  readonly replaces?: readonly (readonly [write: DagValueId, place: DagValueId])[]
}

/** Runs a task; frees a value; or copies the successor of a pinned value into its buffer. */
export type Step = RunStep | { readonly free: DagValueId } | { readonly commit: DagValueId }

export interface Plan {
  /** Where pinned values and inputs lie at the start; empty in a plan without offsets. */
  readonly pinned: readonly (readonly [value: DagValueId, offset: number])[]
  readonly steps: readonly Step[]
  /** The option picked of each choice. */
  readonly choice: readonly number[]
  /** Most bytes alive at once. */
  readonly peakBytes: number
  /** With offsets: end of the highest place; without: the peak. */
  readonly arenaBytes: number
  readonly cost: number
  /** Cost of every needed task once. */
  readonly baseCost: number
  /** No plan within the same bytes costs less. Equal to `baseCost` the bound is trivial. */
  readonly lowerBound: number
}

/** Offsets that are given: pinned values that another program on the same arena has placed already. */
export type Fixed = readonly (readonly [value: DagValueId, offset: number])[]
