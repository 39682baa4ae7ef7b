import type { Runner } from '../backend.ts'
import { isKernelStep, type Program } from '../program/program.ts'

/** How long a kernel takes, by its signature. */
export interface KernelTime {
  readonly signature: string
  /** Whole ns of one run, at least 1. */
  readonly ns: number
  /** How often the program runs it. */
  readonly count: number
}

/**
 * Measures each kernel of a program: whole runs and runs step by step take turns, each after `feed`, and the median of a
 * kernel's times counts, less what a call by itself takes, which is what steps add up to beyond a whole run.
 */
export async function measureKernels(
  program: Program,
  runner: Runner,
  feed: () => Promise<void>,
  repetitions: number,
): Promise<KernelTime[]> {
  const times = new Map<string, number[]>()
  const counts = new Map<string, number>()
  const [whole, stepwise]: [number[], number[]] = [[], []]
  const steps = program.steps.flatMap((step, i) =>
    isKernelStep(step) ? [{ i, signature: program.kernels[step.kernel]!.signature }] : [],
  )
  for (const { signature } of steps) counts.set(signature, (counts.get(signature) ?? 0) + 1)
  // The first round warms up.
  for (let round = 0; round <= repetitions; round++) {
    await feed()
    const start = performance.now()
    await runner.run()
    const run = performance.now() - start
    await feed()
    let sum = 0
    for (const { i, signature } of steps) {
      const from = performance.now()
      await runner.step([i], [])
      const ms = performance.now() - from
      sum += ms
      if (round === 0) continue
      const known = times.get(signature)
      if (known === undefined) times.set(signature, [ms])
      else known.push(ms)
    }
    if (round === 0) continue
    whole.push(run)
    stepwise.push(sum)
  }
  const call = Math.max(0, (median(stepwise) - median(whole)) / steps.length)
  return [...times].map(([signature, list]) => ({
    signature,
    ns: Math.max(1, Math.round(1e6 * (median(list) - call))),
    count: counts.get(signature)!,
  }))
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2
}
