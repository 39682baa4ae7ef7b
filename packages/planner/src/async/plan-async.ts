import type { Dag, Plan } from '../dag/dag.ts'
import { PlannerError } from '../errors.ts'
import { type PlanOptions, planSteps } from '../plan/plan.ts'
import { type Found, figuresOf, fromPlain, type Said, type Task } from './messages.ts'
import { spawn, type Thread } from './spawn.ts'

/** A better plan was found. */
export interface PlanProgress extends Found {
  /** 0.1 is 10 % more than without recomputation. */
  readonly overhead: number
  /** Since the call, in ms. */
  readonly elapsedMs: number
}

export interface PlanAsyncOptions extends PlanOptions {
  /** Called with each plan that is better than those before. */
  readonly onProgress?: (progress: PlanProgress) => void
  /** Ends the search at once: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Where the script of the thread lies (`dist/thread.js` of this package), if a bundler has moved it. */
  readonly script?: string | URL
}

/**
 * Plans on a thread of its own, in Node and in browsers; where there are no threads, here, with pauses between plans. The
 * thread is gone when the promise settles. Rejects as `plan` throws, with the reason of the signal, with what
 * `onProgress` threw, and with PlannerError `THREAD` if the thread dies.
 *
 * @example
 * const found = await planAsync(dag, { budget: 6e9, timeLimit: 5, onProgress: p => console.log(p.overhead) })
 */
export async function planAsync(dag: Dag, options: PlanAsyncOptions): Promise<Plan> {
  const { onProgress, signal, script, ...rest } = options
  const start = performance.now()
  signal?.throwIfAborted()
  const report = (found: Found): void => {
    const overhead = found.baseCost > 0 ? found.cost / found.baseCost - 1 : 0
    onProgress?.({ ...found, overhead, elapsedMs: performance.now() - start })
  }
  const thread = spawn<Said, Task>(script)
  if (thread === undefined) return planHere(dag, rest, report, signal)
  try {
    return await follow(thread, { dag, options: rest }, report, signal)
  } finally {
    await thread.terminate()
  }
}

function follow(
  thread: Thread<Said, Task>,
  task: Task,
  report: (found: Found) => void,
  signal: AbortSignal | undefined,
): Promise<Plan> {
  return new Promise<Plan>((resolve, reject) => {
    let settled = false
    const abort = (): void => settle(() => reject(signal!.reason))
    const settle = (act: () => void): void => {
      if (settled) return
      settled = true
      signal?.removeEventListener('abort', abort)
      act()
    }
    thread.onEnd(reason =>
      settle(() => reject(new PlannerError('THREAD', 'the thread that planned is gone', { got: reason }))),
    )
    thread.listen(said => {
      // What was under way when it settled still comes.
      if (settled) return
      try {
        if (said.kind === 'found') report(said.found)
        else if (said.kind === 'best') settle(() => resolve(said.plan))
        else settle(() => reject(fromPlain(said.error)))
      } catch (error) {
        settle(() => reject(error))
      }
    })
    signal?.addEventListener('abort', abort)
    thread.post(task)
  })
}

/** The same without a thread: others have their turn after each plan. */
async function planHere(
  dag: Dag,
  options: PlanOptions,
  report: (found: Found) => void,
  signal: AbortSignal | undefined,
): Promise<Plan> {
  let best: Plan | undefined
  for (const plan of planSteps(dag, options)) {
    best = plan
    report(figuresOf(plan))
    await new Promise(resolve => setTimeout(resolve))
    signal?.throwIfAborted()
  }
  return best!
}
