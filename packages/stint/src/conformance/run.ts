import { UnsupportedKernel } from '@stint/engine'
import type { Case, Suite } from './case.ts'
import { type Mismatch, mismatch } from './compare.ts'
import { type Context, Unsupported } from './context.ts'
import type { Executor, FloatType } from './executor.ts'
import { runnerOf } from './kinds.ts'

/** A case that gave other numbers, or none. */
export interface Failure extends Partial<Mismatch> {
  readonly id: string
  readonly dtype: FloatType
  readonly message: string
}

export interface ConformanceReport {
  readonly passed: number
  readonly failed: number
  readonly unsupported: number
  /** At least one for each case that failed: one for each tensor that differs, in each precision. */
  readonly failures: readonly Failure[]
}

export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'unsupported'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failures: readonly Failure[] }

export interface ConformanceOptions {
  /** Which cases to run; all unless given. */
  readonly only?: (of: Case) => boolean
  /** Most steps of a training run, of which networks have 50; all unless given. */
  readonly trainingSteps?: number
  /** Told of each case as it ends. */
  readonly onCase?: (of: Case, outcome: Outcome) => void
}

/** Runs every case of a suite, each judged by its own tolerances. A case passes if it does so in every precision. */
export async function runConformance(
  suite: Suite,
  executor: Executor,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const counts = { passed: 0, failed: 0, unsupported: 0 }
  const failures: Failure[] = []
  for (const c of suite.cases) {
    if (options.only?.(c) === false) continue
    const outcome = await runCase(suite, c, executor, options)
    counts[outcome.kind]++
    if (outcome.kind === 'failed') failures.push(...outcome.failures)
    options.onCase?.(c, outcome)
  }
  return { ...counts, failures }
}

/** Runs one case in every precision of the executor. */
export async function runCase(
  suite: Suite,
  c: Case,
  executor: Executor,
  { trainingSteps }: Pick<ConformanceOptions, 'trainingSteps'> = {},
): Promise<Outcome> {
  const limit = trainingSteps === undefined ? {} : { trainingSteps }
  const failures: Failure[] = []
  for (const dtype of executor.dtypes) {
    try {
      failures.push(...(await failuresOf({ case: c, suite, executor, dtype, ...limit })))
    } catch (error) {
      if (error instanceof Unsupported || error instanceof UnsupportedKernel)
        return { kind: 'unsupported', reason: error.message }
      failures.push({ id: c.id, dtype, message: error instanceof Error ? error.message : String(error) })
    }
  }
  return failures.length === 0 ? { kind: 'passed' } : { kind: 'failed', failures }
}

async function failuresOf(at: Context): Promise<Failure[]> {
  const { case: c, dtype } = at
  const found = await runnerOf(c)(at)
  if (found.length === 0) throw new Error('nothing was compared')
  return found.flatMap(f => {
    const worst = mismatch(c, f)
    return worst === null ? [] : [{ id: c.id, dtype, message: describe(worst), ...worst }]
  })
}

function describe({ tensor, element, expected, got, error, allowed }: Mismatch): string {
  return element < 0
    ? `${tensor}: ${got} elements in place of ${expected}`
    : `${tensor}[${element}]: ${got} in place of ${expected}, off by ${error} where ${allowed} is allowed`
}
