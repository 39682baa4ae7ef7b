import type { Dag } from '../dag/dag.ts'
import { type Model, modelOf } from '../dag/model.ts'
import { DagError } from '../errors.ts'
import { cheapestSequence } from '../strategy/states/search.ts'

/** The cheapest of all schedules. */
export interface Cheapest {
  readonly cost: number
  readonly sequence: Int32Array
  readonly model: Model
}

/** Most combinations of options that are looked at one by one. */
const most = 32

/** Models of a DAG with each combination of options that go together; undefined if there are too many. `choice`: the only one. */
export function modelsOf(dag: Dag, choice: readonly number[] | undefined): readonly Model[] | undefined {
  const picks = choice === undefined ? allPicks(dag) : [choice]
  return picks?.flatMap(pick => modelWith(dag, pick) ?? [])
}

/**
 * The cheapest of all schedules of the given models within `target` live bytes: undefined if there is none, 'limit' if that takes a
 * look at more than so many states.
 */
export function cheapestOf(
  models: readonly Model[],
  target: number,
  states: number,
): Cheapest | undefined | 'limit' {
  let best: Cheapest | undefined
  for (const model of models) {
    const found = cheapestSequence(model, target, { states })
    if (found === 'limit') return 'limit'
    if (found !== 'infeasible' && (best === undefined || found.cost < best.cost)) best = { ...found, model }
  }
  return best
}

/** A DAG with picked options; undefined if they do not go together. */
function modelWith(dag: Dag, pick: readonly number[]): Model | undefined {
  try {
    return modelOf(dag, pick)
  } catch (error) {
    if (error instanceof DagError) return undefined
    throw error
  }
}

/** Every combination of options, if there are few. */
function allPicks(dag: Dag): (readonly number[])[] | undefined {
  let picks: number[][] = [[]]
  for (const { options } of dag.choices ?? []) {
    picks = picks.flatMap(p => options.map((_, k) => [...p, k]))
    if (picks.length > most) return undefined
  }
  return picks
}
