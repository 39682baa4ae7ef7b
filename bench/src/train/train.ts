import type { Io } from '../io.ts'
import { round } from '../statistics.ts'
import { table } from '../table.ts'
import { measure, type TrainFailure, type TrainResult } from './measure.ts'
import { trainOptions } from './options.ts'

/** `bench train`: gives the exit code, 1 where a combination could not be measured. */
export async function train(args: readonly string[], io: Io): Promise<number> {
  const { groups, json, ...rest } = trainOptions(args)
  const options = { ...rest, note: io.err, ...(io.script !== undefined && { script: io.script }) }
  let failed = false
  for (const specs of groups) {
    const results = await measure(specs, options)
    failed ||= results.some(r => 'error' in r)
    if (json) for (const result of results) io.out(JSON.stringify(result))
    else print(results, io)
  }
  return failed ? 1 : 0
}

function print(results: readonly (TrainResult | TrainFailure)[], io: Io): void {
  const heading = [
    'workload',
    'backend',
    'threads',
    'memory',
    'median ms',
    'min',
    'p90',
    'arena MB',
    'unconstrained',
    'planned +%',
    'RSS MB',
    'compile ms',
    'of it plan',
    'first step ms',
    'first loss',
    'last loss',
  ]
  const good = results.filter((r): r is TrainResult => !('error' in r))
  const rows = good.map(r => [
    r.workload,
    r.backend,
    r.threads,
    r.memory,
    r.medianMs,
    r.minMs,
    r.p90Ms,
    megabytes(r.arenaBytes),
    megabytes(r.unconstrainedPeakBytes),
    round(100 * r.plannedOverhead),
    r.peakRssMB,
    Math.round(r.compileMs),
    Math.round(r.planMs),
    r.startToFirstStepMs,
    r.lossFirst.toFixed(6),
    r.lossLast.toFixed(6),
  ])
  if (rows.length > 0) io.out(table(heading, rows))
  for (const r of results)
    if ('error' in r) io.err(`${r.workload} ${r.backend}, ${r.memory}: ${r.error.message}`)
}

/** 10⁶ bytes. */
function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2)
}
