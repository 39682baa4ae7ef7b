import { readFileSync, writeFileSync } from 'node:fs'
import { UsageError } from '../error.ts'
import type { Line } from './measure.ts'

/** The best figures so far, by graph and by budget in bytes: overhead, null where no plan was found. */
export interface Baseline {
  readonly about: string
  readonly graphs: { readonly [graph: string]: { readonly [budget: string]: number | null } }
}

/** Overheads in files are rounded: differences up to this are none. */
const tolerance = 1e-6

/** Throws UsageError. */
export function readBaseline(file: string): Baseline {
  try {
    const json = JSON.parse(readFileSync(file, 'utf8')) as Baseline
    if (typeof json.graphs === 'object') return json
  } catch (error) {
    throw new UsageError(`${file} cannot be read`, { got: (error as Error).message })
  }
  throw new UsageError(`${file} is not a baseline`, { expected: 'an object with graphs by name' })
}

/** How a line stands to the baseline: undefined where it has no such line. */
export function against(line: Line, { graphs }: Baseline): 'worse' | 'same' | 'better' | undefined {
  const best = graphs[line.graph]?.[line.budget]
  if (best === undefined) return undefined
  const [now, then] = [line.overhead ?? Number.POSITIVE_INFINITY, best ?? Number.POSITIVE_INFINITY]
  if (now === then) return 'same'
  return now > then + tolerance ? 'worse' : now < then - tolerance ? 'better' : 'same'
}

/** Graphs of the baseline of which there is no line. */
export function missing({ graphs }: Baseline, lines: readonly Line[]): string[] {
  const there = new Set(lines.map(l => l.graph))
  return Object.keys(graphs).filter(name => !there.has(name))
}

/** The baseline with what the lines have that it lacks, or better. */
export function improved(baseline: Baseline, lines: readonly Line[]): Baseline {
  const graphs = Object.fromEntries(Object.entries(baseline.graphs).map(([name, g]) => [name, { ...g }]))
  for (const line of lines) {
    if (against(line, baseline) === 'worse' || against(line, baseline) === 'same') continue
    graphs[line.graph] ??= {}
    graphs[line.graph]![line.budget] = line.overhead === null ? null : Math.round(line.overhead * 1e6) / 1e6
  }
  return { ...baseline, graphs }
}

/** Budgets from the largest to the smallest, a graph a paragraph. */
export function writeBaseline(file: string, { about, graphs }: Baseline): void {
  const paragraphs = Object.entries(graphs).map(([name, budgets]) => {
    const lines = Object.entries(budgets)
      .sort(([a], [b]) => Number(b) - Number(a))
      .map(([budget, overhead]) => `      "${budget}": ${overhead}`)
    return `    ${JSON.stringify(name)}: {\n${lines.join(',\n')}\n    }`
  })
  const text = `{\n  "about": ${JSON.stringify(about)},\n  "graphs": {\n${paragraphs.join(',\n')}\n  }\n}\n`
  writeFileSync(file, text)
}

export const emptyBaseline: Baseline = {
  about: 'Least overheads found so far, by graph and by budget in bytes; null where no plan was found.',
  graphs: {},
}
