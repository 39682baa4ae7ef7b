import type { Dag } from '../dag/dag.ts'
import { modelOf } from '../dag/model.ts'
import { DagError } from '../errors.ts'
import { descend, descendToFloor } from '../strategy/descend.ts'
import { Random } from '../strategy/random.ts'
import { Search } from '../strategy/search/search.ts'
import { Timeline } from '../strategy/timeline/timeline.ts'

/** Most work, in runs, that one pick is judged by; and how many picks are judged. */
const work = { fit: 2e5, floor: 1e5 }
const most = 200

/** What a pick comes to: its cost within the budget; or, where it does not get there, how few bytes it reaches. */
interface Judged {
  readonly fits: boolean
  readonly figure: number
}

/**
 * The option of each choice with which a budget is met most cheaply, as far as a quick search tells; with none that meets it,
 * those of fewest bytes. One choice after the other, until none helps any more. Deterministic. Throws DagError.
 */
export function choose(dag: Dag, budget: number, seed = 1): number[] {
  const choices = dag.choices ?? []
  const picked = firstOptions(dag)
  if (choices.length === 0) return picked
  let best = judge(dag, picked, budget, seed)
  let left = most
  for (let changed = true; changed; ) {
    changed = false
    for (const [i, { options }] of choices.entries()) {
      const before = picked[i]!
      let option = before
      for (let k = 0; k < options.length && left > 0; k++) {
        if (k === before) continue
        picked[i] = k
        left--
        const found = attempt(dag, picked, budget, seed)
        if (found === undefined || !better(found, best)) continue
        ;[best, option, changed] = [found, k, true]
      }
      picked[i] = option
    }
  }
  return picked
}

function better(a: Judged, b: Judged): boolean {
  return a.fits === b.fits ? a.figure < b.figure : a.fits
}

/** Options that do not go together are no way. */
function attempt(dag: Dag, picked: readonly number[], budget: number, seed: number): Judged | undefined {
  try {
    return judge(dag, picked, budget, seed)
  } catch (error) {
    if (error instanceof DagError) return undefined
    throw error
  }
}

function judge(dag: Dag, picked: readonly number[], budget: number, seed: number): Judged {
  const model = modelOf(dag, picked)
  const search = new Search(new Timeline(model, model.needed))
  const random = new Random(seed)
  if (descend(search, budget, random, { work: work.fit })) return { fits: true, figure: search.cost }
  descendToFloor(search, 0, random, { work: work.floor })
  return { fits: false, figure: search.peak }
}

/** The first option of each choice. */
export function firstOptions(dag: Dag): number[] {
  return (dag.choices ?? []).map(() => 0)
}
