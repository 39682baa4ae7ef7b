import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../../fixtures/', import.meta.url)

export interface Known {
  readonly budget: number
  readonly best: number | null
}

/** Names of the task graphs beside the sources. */
export const fixtureNames: readonly string[] = readdirSync(folder)
  .filter(f => f.endsWith('.json') && f !== 'best-known.json' && f !== 'optima.json')
  .map(f => f.slice(0, -'.json'.length))

/** A task graph, as parsed JSON. */
export function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))
}

/** Byte budgets for a graph, with the best overhead known for each. */
export function bestKnown(name: string): { storeAllPeak: number; budgets: readonly Known[] } {
  return JSON.parse(readFileSync(new URL('best-known.json', folder), 'utf8')).graphs[name]
}

export interface Optima {
  /** The graph itself, where it is not a file of its own. */
  readonly graph?: unknown
  readonly budgets: readonly {
    readonly budget: number
    readonly cost: number
    /** Whether nothing at all costs less, or nothing in the class of the exact solver, first runs in file order. */
    readonly among: 'all' | 'class'
  }[]
}

/** What the exact solver proved, by graph. */
export const optima: Readonly<Record<string, Optima>> = JSON.parse(
  readFileSync(new URL('optima.json', folder), 'utf8'),
).graphs
