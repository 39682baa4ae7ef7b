import { readFileSync } from 'node:fs'
import { UsageError } from '../error.ts'

/** A budget for a graph. */
export interface Budget {
  readonly bytes: number
  /** The least overhead that is known; null where no plan is. */
  readonly best?: number | null
}

/** Budgets in bytes for graphs by name, with the best overheads known. */
export type KnownBudgets = ReadonlyMap<string, readonly Budget[]>

/** Shares of the peak of storing everything. Throws UsageError. */
export function percentages(text: string): readonly number[] {
  return text.split(',').map(part => {
    const percent = Number(part)
    if (part.trim() !== '' && percent > 0 && percent <= 100) return percent / 100
    throw new UsageError('--budgets is not usable', {
      expected: 'percentages, as in 90,75',
      got: `'${part}'`,
    })
  })
}

/** Reads `{ graphs: { <name>: { budgets: [{ budget, best }] } } }`. Throws UsageError. */
export function knownBudgets(file: string): KnownBudgets {
  let json: { graphs?: { [name: string]: { budgets?: { budget: number; best?: number | null }[] } } }
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`${file} cannot be read`, { got: (error as Error).message })
  }
  if (typeof json?.graphs !== 'object')
    throw new UsageError(`${file} has no budgets`, { expected: 'an object with graphs by name' })
  return new Map(
    Object.entries(json.graphs).map(([name, { budgets = [] }]) => [
      name,
      budgets.map(({ budget, best = null }) => ({ bytes: budget, best })),
    ]),
  )
}
