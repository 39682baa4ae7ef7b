import { resolve } from 'node:path'
import { parseMemory, showBytes } from '@stint/engine'
import {
  type Dag,
  type Plan,
  parseDag,
  plan,
  planHash,
  storeAllPeak,
  toShorthand,
  verify,
} from '@stint/planner'
import { readArgs, type Usage } from './args.ts'
import { CliError } from './errors.ts'
import { readJson, writeWhole } from './files.ts'
import type { Io } from './io.ts'
import { percent, table } from './summary.ts'

export const planUsage: Usage = {
  name: 'plan',
  about: 'Schedules a DAG of tasks within a budget. Percentages are of the peak that storing everything has.',
  positionals: ['<dag.json>'],
  flags: {
    budget: { value: '<bytes|NN%>', about: 'the most bytes that may live at once' },
    time: { value: '<seconds>', about: 'how long to look for less recomputation' },
    seed: { value: '<n>', about: 'of the search (1)' },
    out: { value: '<plan.json>', about: 'where to write the plan' },
    json: { about: 'one line of JSON instead of a table' },
  },
}

/** What `stint plan --json` prints. Bytes; costs in the units of the file; seconds. */
interface Planning {
  readonly budgetBytes: number
  readonly peakBytes: number
  readonly arenaBytes: number
  readonly storeAllPeakBytes: number
  readonly cost: number
  readonly baseCost: number
  readonly overhead: number
  readonly lowerBound: number
  readonly recomputedTasks: number
  readonly seconds: number
  readonly planHash: string
}

/** `stint plan`. */
export async function planFile(argv: readonly string[], io: Io): Promise<void> {
  const given = readArgs(planUsage, argv)
  const asked = given.text('budget')
  if (asked === undefined)
    throw new CliError('USAGE', 'stint plan needs --budget', { hint: 'Such as --budget 50%.' })
  const [timeLimit, seed] = [given.positive('time'), given.whole('seed', 0)]
  const { dag, shorthand } = parseDag(await readJson(resolve(io.cwd, given.positionals[0]!)))
  const storeAllPeakBytes = storeAllPeak(dag)
  const budgetBytes = budgetOf(asked, storeAllPeakBytes)
  const start = performance.now()
  const found = plan(dag, {
    budget: budgetBytes,
    // The shorthand knows live bytes alone.
    layout: !shorthand,
    ...(timeLimit !== undefined && { timeLimit }),
    ...(seed !== undefined && { seed }),
  })
  const seconds = (performance.now() - start) / 1000
  const result = { budgetBytes, storeAllPeakBytes, seconds, ...facts(dag, found) }
  const out = given.text('out')
  if (out !== undefined)
    await writeWhole(resolve(io.cwd, out), `${JSON.stringify(shorthand ? toShorthand(dag, found) : found)}\n`)
  io.out(given.has('json') ? `${JSON.stringify(result)}\n` : showPlanning(result))
}

function budgetOf(asked: string, storeAll: number): number {
  const budget = parseMemory(asked)
  if (budget === 'none') return Number.MAX_SAFE_INTEGER
  return 'bytes' in budget ? budget.bytes : Math.floor(budget.fraction * storeAll)
}

function facts(dag: Dag, found: Plan): Omit<Planning, 'budgetBytes' | 'storeAllPeakBytes' | 'seconds'> {
  const { peakBytes, arenaBytes, cost, baseCost, lowerBound } = found
  const { recomputedTasks } = verify(dag, found)
  const overhead = baseCost > 0 ? cost / baseCost - 1 : 0
  return {
    peakBytes,
    arenaBytes,
    cost,
    baseCost,
    overhead,
    lowerBound,
    recomputedTasks,
    planHash: planHash(found),
  }
}

function showPlanning(p: Planning): string {
  const share = percent(p.peakBytes / p.storeAllPeakBytes)
  return table([
    ['peak', `${p.peakBytes} bytes (${showBytes(p.peakBytes)}), ${share} of storing everything`],
    ['arena', `${p.arenaBytes} bytes`],
    ['budget', `${p.budgetBytes} bytes`],
    ['cost', `${p.cost}, ${p.baseCost} without recomputation`],
    ['overhead', `${percent(p.overhead)}, ${p.recomputedTasks} tasks run again`],
    ['lower bound', `${p.lowerBound}, which no plan within the budget can go below`],
    ['time', `${p.seconds.toFixed(2)} s`],
    ['plan', p.planHash],
  ])
}
