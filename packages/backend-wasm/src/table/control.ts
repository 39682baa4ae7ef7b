// What threads share while a program runs, in lines of 64 bytes so that none disturbs another:
//
//   line 0   position: at, end, header, fn, last, record, share; then the number of the run
//   line 1   parts of the current phase that are not finished
//   line 2   epoch: counts phases that were offered, and ends of runs; threads without work watch it
//   line 3   threads that sleep
//   line 4   number of the last run that has ended
//   line 5…  parts of the current phase that nobody has taken, a line for each thread
//
// A thread that takes a part owns a piece of the current phase, whatever it is: a phase is current until its last part
// is finished, so nobody needs to know which one it is beforehand, and a thread that sleeps holds up nobody. Who
// finishes the last part walks on to the next phase and offers it.

/** Byte offsets in the control block. */
export const control = {
  at: 0,
  end: 4,
  header: 8,
  fn: 12,
  last: 16,
  record: 20,
  share: 24,
  run: 28,
  pending: 64,
  epoch: 128,
  sleepers: 192,
  ended: 256,
  untaken: 320,
} as const

/** Bytes from one thread's untaken parts to the next one's. */
export const controlLine = 64

/** Bytes of the control block of so many threads; it begins at a multiple of 64. */
export function controlBytes(threads: number): number {
  return control.untaken + controlLine * threads
}

/** What a run is to do: entries from byte address `at` to before `end`, of the table whose header is at `header`. */
export interface RunRange {
  readonly at: number
  readonly end: number
  readonly header: number
}

/**
 * Offers run number `run` to the threads: a phase of one part that does nothing, after which the walk begins. `words`
 * is the control block. No run may be under way.
 */
export function offerRun(words: Int32Array, { at, end, header }: RunRange, run: number): void {
  for (let i = control.untaken / 4; i < words.length; i += controlLine / 4) Atomics.store(words, i, 0)
  for (const [key, value] of Object.entries({ at, end, header, fn: 0, last: 1, record: 0, share: 0, run }))
    words[control[key as 'at'] / 4] = value
  Atomics.store(words, control.pending / 4, 1)
  Atomics.store(words, control.untaken / 4, 1)
  wake(words)
}

/** Ends run number `run` wherever it is: threads leave as soon as they have finished their parts. */
export function abortRun(words: Int32Array, run: number): void {
  Atomics.store(words, control.ended / 4, run)
  wake(words)
}

function wake(words: Int32Array): void {
  Atomics.add(words, control.epoch / 4, 1)
  Atomics.notify(words, control.epoch / 4)
}
