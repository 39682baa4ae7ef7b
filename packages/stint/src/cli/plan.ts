import { basename, resolve } from 'node:path'
import { parseMemory, showBytes } from '@stint/engine'
import {
  type Curve,
  curve,
  type Dag,
  draw,
  drawCurve,
  type Explanation,
  explain,
  type Plan,
  type PlanOptions,
  parseDag,
  plan,
  planHash,
  storeAllPeak,
  toShorthand,
  verify,
} from '@stint/planner'
import { type Given, readArgs, type Usage } from './args.ts'
import { CliError } from './errors.ts'
import { type Proof, planExactly, showProof } from './exact.ts'
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
    layout: {
      about: 'everything gets an offset, and the budget bounds the arena (files in full: always)',
    },
    exact: { about: 'looks for the cheapest plan of all, and proves it or says how far off it may be' },
    out: { value: '<plan.json>', about: 'where to write the plan' },
    explain: { about: 'what fills the peak, what is kept, what runs again, and why' },
    draw: { value: '<plan.svg>', about: 'a picture of the plan: what lives where, run by run' },
    curve: { value: '<curve.svg>', about: 'a picture of what less memory costs; needs no budget' },
    points: { value: '<n>', about: 'budgets of the curve (12), each planned for itself' },
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
  /** With --exact: how far the plan may be from the cheapest. */
  readonly exact?: Proof
}

/** A file, and how it is to be planned. */
interface Subject {
  readonly dag: Dag
  readonly shorthand: boolean
  readonly name: string
  readonly options: Omit<PlanOptions, 'budget'>
}

/** `stint plan`. */
export async function planFile(argv: readonly string[], io: Io): Promise<void> {
  const given = readArgs(planUsage, argv)
  const [budget, curveFile] = [given.text('budget'), given.text('curve')]
  if (budget === undefined && curveFile === undefined)
    throw new CliError('USAGE', 'stint plan needs --budget', { hint: 'Such as --budget 50%.' })
  for (const flag of ['out', 'draw', 'explain', 'exact'])
    if (budget === undefined && (given.text(flag) !== undefined || given.has(flag)))
      throw new CliError('USAGE', `--${flag} needs a plan, which needs --budget`, {
        hint: 'Such as --budget 50%.',
      })
  const subject = await subjectOf(given, io)
  const made = budget === undefined ? undefined : await planned(subject, budget, given, io)
  const found = curveFile === undefined ? undefined : await curved(subject, curveFile, given, io)
  if (given.has('json')) {
    const { explanation, result } = made ?? {}
    const all = { ...result, ...(explanation && { explanation }), ...(found && { curve: found }) }
    return io.out(`${JSON.stringify(all)}\n`)
  }
  const texts = [
    ...(made === undefined ? [] : [showPlanning(made.result)]),
    ...(made?.explanation === undefined ? [] : [made.explanation.toString({ columns: io.columns })]),
    ...(found === undefined ? [] : [showCurve(found)]),
  ]
  io.out(texts.join('\n'))
}

async function subjectOf(given: Given, io: Io): Promise<Subject> {
  const [timeLimit, seed] = [given.positive('time'), given.whole('seed', 0)]
  const path = resolve(io.cwd, given.positionals[0]!)
  const { dag, shorthand, name } = parseDag(await readJson(path))
  const options = {
    // The shorthand knows live bytes alone.
    layout: !shorthand || given.has('layout'),
    ...(timeLimit !== undefined && { timeLimit }),
    ...(seed !== undefined && { seed }),
  }
  return { dag, shorthand, name: name ?? basename(path, '.json'), options }
}

/** Plans within the budget, and writes what is asked for. */
async function planned(
  { dag, shorthand, name, options }: Subject,
  asked: string,
  given: Given,
  io: Io,
): Promise<{ result: Planning; explanation: Explanation | undefined }> {
  const storeAllPeakBytes = storeAllPeak(dag)
  const budgetBytes = budgetOf(asked, storeAllPeakBytes)
  const start = performance.now()
  const { plan: found, proof } = given.has('exact')
    ? await planExactly(dag, { ...options, budget: budgetBytes })
    : { plan: plan(dag, { ...options, budget: budgetBytes }), proof: undefined }
  const seconds = (performance.now() - start) / 1000
  const result: Planning = {
    budgetBytes,
    storeAllPeakBytes,
    seconds,
    ...facts(dag, found),
    ...(proof && { exact: proof }),
  }
  const [out, picture] = [given.text('out'), given.text('draw')]
  if (out !== undefined)
    await writeWhole(resolve(io.cwd, out), `${JSON.stringify(shorthand ? toShorthand(dag, found) : found)}\n`)
  const limit = budgetBytes === Number.MAX_SAFE_INTEGER ? {} : { budget: budgetBytes }
  if (picture !== undefined) await writeWhole(resolve(io.cwd, picture), draw(dag, found, { name, ...limit }))
  return { result, explanation: given.has('explain') ? explain(dag, found) : undefined }
}

async function curved({ dag, name, options }: Subject, file: string, given: Given, io: Io): Promise<Curve> {
  const points = given.whole('points', 2)
  const found = curve(dag, { ...options, ...(points !== undefined && { points }) })
  await writeWhole(resolve(io.cwd, file), drawCurve(found, { name }))
  return found
}

function showCurve({ points, storeAll, smallest }: Curve): string {
  const rows = points.map(p => [
    `${p.budget} bytes`,
    percent(p.fraction),
    p.overhead === null ? 'no plan' : `${percent(p.overhead)} more`,
  ])
  const widths = [0, 1, 2].map(i => Math.max(...rows.map(row => row[i]!.length)))
  const lines = rows.map(row => row.map((cell, i) => cell.padStart(widths[i]!)).join('  '))
  const share = percent(smallest / storeAll)
  return [
    ...lines,
    `The smallest budget that works is ${smallest} bytes, ${share} of storing everything.`,
    '',
  ].join('\n')
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
    ...(p.exact === undefined ? [] : [['exact', showProof(p.exact)] as const]),
    ['time', `${p.seconds.toFixed(2)} s`],
    ['plan', p.planHash],
  ])
}
