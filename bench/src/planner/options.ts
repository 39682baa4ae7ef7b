import { type Given, readFlags, whole } from '../args.ts'
import { UsageError } from '../error.ts'
import { type KnownBudgets, knownBudgets, percentages } from './budgets.ts'
import { generated } from './generate/index.ts'
import { generatedGraphs, graphsIn, nameOf, type Source } from './graphs.ts'
import type { Effort } from './measure.ts'

export interface PlannerOptions extends Effort {
  readonly graphs: readonly Source[]
  readonly fractions: readonly number[]
  /** In place of fractions. */
  readonly known: KnownBudgets | undefined
  /** Whether to leave out the smallest budgets. */
  readonly quick: boolean
  /** Files of baselines: to compare with, to enter better figures in. */
  readonly compare: string | undefined
  readonly save: string | undefined
  /** The folder to write the graphs to, in place of planning. */
  readonly write: string | undefined
  readonly json: boolean
}

const flags = {
  dir: 'text',
  generated: 'switch',
  only: 'text',
  budgets: 'text',
  'budgets-from': 'text',
  time: 'text',
  iterations: 'text',
  seed: 'text',
  layout: 'switch',
  quick: 'switch',
  compare: 'text',
  save: 'text',
  write: 'text',
  json: 'switch',
} as const

export const plannerHelp: string = `bench planner --dir <folder> [flags]

Plans task graphs within budgets, and says what each plan costs and how long it took, one line for each budget.

  --dir <folder>          task graphs as JSON, in full or in the shorthand
  --generated             generated graphs, too: ${Object.keys(generated).slice(0, 4).join(', ')} …
  --only <pattern>        only graphs whose name this regular expression finds
  --budgets <list>        shares of the peak of storing everything, in percent (default: 90,75,60,50,40,30)
  --budgets-from <file>   instead, budgets in bytes from a file of best known results; shows the difference to them
  --time <seconds>        for each plan (default: 5)
  --iterations <n>        instead, rounds of search for each plan: the same on every machine
  --seed <n>              of the search (default: 1)
  --layout                budgets bound the arena, not only live bytes
  --quick                 does not look for the smallest budget of each graph
  --compare <file>        marks overheads above those of a baseline; fails if there are any
  --save <file>           enters what is better into a baseline
  --write <folder>        writes the graphs there, in place of planning them
  --json                  a line of JSON for each budget, in place of a table

Each plan is made in a process of its own, and verified.`

/** Throws UsageError. */
export function plannerOptions(args: readonly string[]): PlannerOptions {
  const given = readFlags(flags, args)
  const text = (name: keyof typeof flags): string | undefined => given[name] as string | undefined
  if (given.time !== undefined && given.iterations !== undefined)
    throw new UsageError('--time and --iterations exclude each other')
  const from = text('budgets-from')
  if (from !== undefined && given.budgets !== undefined)
    throw new UsageError('--budgets and --budgets-from exclude each other')
  return {
    graphs: graphsOf(given),
    fractions: percentages(text('budgets') ?? '90,75,60,50,40,30'),
    known: from === undefined ? undefined : knownBudgets(from),
    seed: whole(given, 'seed', 0, 1),
    layout: given.layout === true,
    ...(given.iterations === undefined
      ? { time: seconds(text('time') ?? '5') }
      : { iterations: whole(given, 'iterations', 0, 0) }),
    quick: given.quick === true,
    compare: text('compare'),
    save: text('save'),
    write: text('write'),
    json: given.json === true,
  }
}

function graphsOf(given: Given): readonly Source[] {
  if (given.dir === undefined && given.generated !== true)
    throw new UsageError('which graphs?', { expected: '--dir <folder> or --generated', got: 'neither' })
  const files = given.dir === undefined ? [] : graphsIn(String(given.dir))
  const names = new Set(files.map(nameOf))
  const all = [
    ...files,
    // One of the same name is the same graph.
    ...(given.generated === true ? generatedGraphs().filter(g => !names.has(nameOf(g))) : []),
  ]
  const only = pattern(String(given.only ?? ''))
  const chosen = all.filter(source => only.test(nameOf(source)))
  if (chosen.length > 0) return chosen
  throw new UsageError('no graph has such a name', {
    expected: all.map(nameOf).join(', ') || 'a folder with task graphs in it',
    got: String(given.only ?? 'an empty folder'),
  })
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch {
    throw new UsageError('--only is not usable', { expected: 'a regular expression', got: `'${text}'` })
  }
}

function seconds(text: string): number {
  const n = Number(text)
  if (text.trim() !== '' && Number.isFinite(n) && n > 0) return n
  throw new UsageError('--time is not usable', { expected: 'seconds, above zero', got: `'${text}'` })
}
