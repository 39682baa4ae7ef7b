import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type Failure } from '../error.ts'
import type { Io } from '../io.ts'
import { table } from '../table.ts'
import {
  against,
  type Baseline,
  emptyBaseline,
  improved,
  missing,
  readBaseline,
  writeBaseline,
} from './baseline.ts'
import type { Budget } from './budgets.ts'
import { generated } from './generate/index.ts'
import { nameOf, type Source } from './graphs.ts'
import type { Job, Line } from './measure.ts'
import { type PlannerOptions, plannerOptions } from './options.ts'
import { apart } from './process.ts'

/** A line, compared with what is known. */
interface Compared extends Omit<Line, 'minimumBudget'> {
  minimumBudget: number | null
  /** The best overhead known, and how much more this one is. */
  readonly best?: number | null
  readonly difference?: number | null
  readonly baseline?: 'worse' | 'same' | 'better'
}

interface Failed {
  readonly graph: string
  readonly error: Failure
}

/** `bench planner`: gives the exit code, 1 where a plan was wrong or worse than the baseline. */
export async function planner(args: readonly string[], io: Io): Promise<number> {
  const options = plannerOptions(args)
  if (options.write !== undefined) return write(options.graphs, options.write, io)
  const baseline = options.compare === undefined ? undefined : readBaseline(options.compare)
  const results: (Compared | Failed)[] = []
  for (const source of options.graphs) {
    const budgets = budgetsOf(source, options)
    const minimum = options.quick || budgets.length === 0 ? null : await least(source, options, io)
    for (const budget of budgets) {
      const result = await one(source, budget, options, baseline, io)
      // Whatever a budget is refused for, it names the same one.
      if (!('error' in result) && minimum !== null) result.minimumBudget = minimum
      results.push(result)
      if (options.json) io.out(JSON.stringify(result))
      else if ('error' in result) io.err(`${result.graph}: ${result.error.message}`)
      else io.err(progress(result))
    }
    // After each graph: what a long run has found is kept if it is broken off.
    if (options.save !== undefined) save(options.save, results.filter(isLine))
  }
  const lines = results.filter(isLine)
  if (!options.json && lines.length > 0) io.out(show(lines))
  const worse = lines.filter(l => l.baseline === 'worse')
  for (const l of worse) io.err(`worse than the baseline: ${progress(l)}`)
  const missed = baseline === undefined ? [] : missing(baseline, lines)
  if (missed.length > 0) io.err(`in the baseline but not measured: ${missed.join(', ')}`)
  return worse.length > 0 || lines.length < results.length ? 1 : 0
}

function isLine(result: Compared | Failed): result is Compared {
  return !('error' in result)
}

function save(file: string, lines: readonly Compared[]): void {
  writeBaseline(file, improved(existsSync(file) ? readBaseline(file) : emptyBaseline, lines))
}

/** Null where it cannot be said; why not is said for each line. */
async function least(
  source: Source,
  { seed, layout }: PlannerOptions,
  { script }: Io,
): Promise<number | null> {
  const effort = { ...(seed !== undefined && { seed }), ...(layout === true && { layout }) }
  try {
    return await apart('minimum', { source, effort }, script)
  } catch {
    return null
  }
}

function budgetsOf(
  source: Source,
  { known, fractions }: PlannerOptions,
): readonly (Budget | { fraction: number })[] {
  return known === undefined ? fractions.map(fraction => ({ fraction })) : (known.get(nameOf(source)) ?? [])
}

async function one(
  source: Source,
  budget: Budget | { readonly fraction: number },
  { time, iterations, seed, layout }: PlannerOptions,
  baseline: Baseline | undefined,
  io: Io,
): Promise<Compared | Failed> {
  const job: Job = {
    source,
    budget,
    ...(time !== undefined && { time }),
    ...(iterations !== undefined && { iterations }),
    ...(seed !== undefined && { seed }),
    ...(layout === true && { layout }),
  }
  try {
    const line = await apart('line', job, io.script)
    const best = 'bytes' in budget ? budget.best : undefined
    const verdict = baseline === undefined ? undefined : against(line, baseline)
    return {
      ...line,
      ...(best !== undefined && { best, difference: difference(line.overhead, best) }),
      ...(verdict !== undefined && { baseline: verdict }),
    }
  } catch (error) {
    return { graph: nameOf(source), error: describe(error) }
  }
}

function difference(overhead: number | null, best: number | null): number | null {
  return overhead === null || best === null ? null : overhead - best
}

function progress(l: Line): string {
  const share = `${l.graph} at ${(100 * l.fraction).toFixed(1)} %`
  if (l.overhead === null) return `${share}: no plan; the smallest budget is ${l.minimumBudget ?? 'unknown'}`
  return `${share}: overhead ${percent(l.overhead)}, first in ${l.firstMs} ms, ${l.ms} ms in all`
}

function show(lines: readonly Compared[]): string {
  const compared = lines.some(l => l.best !== undefined)
  const heading = [
    'graph',
    'nodes',
    'budget',
    '%',
    'peak',
    'arena',
    'overhead %',
    'gap %',
    'first ms',
    'ms',
    'RSS MB',
  ]
  return table(
    compared ? [...heading, 'best %', 'above it'] : heading,
    lines.map(l => [
      l.graph,
      l.nodes,
      l.budget,
      (100 * l.fraction).toFixed(1),
      l.peak ?? 'none',
      l.layoutPeak ?? '',
      l.overhead === null ? '' : percent(l.overhead),
      l.gap === null ? '' : percent(l.gap),
      l.firstMs ?? '',
      l.ms,
      l.rssMB,
      ...(compared
        ? [l.best == null ? '' : percent(l.best), l.difference == null ? '' : percent(l.difference)]
        : []),
    ]),
  )
}

/** `11.6431` for 0.116431: as many places as the best known figures have. */
function percent(share: number): string {
  return (100 * share).toFixed(4)
}

function write(graphs: readonly Source[], folder: string, io: Io): number {
  mkdirSync(folder, { recursive: true })
  for (const source of graphs) {
    const text =
      'file' in source ? readFileSync(source.file, 'utf8') : JSON.stringify(generated[source.generated]!())
    const path = join(folder, `${nameOf(source)}.json`)
    writeFileSync(path, text)
    io.err(path)
  }
  return 0
}
