import { hinted, setState, state } from '../../trace/trace.ts'
import type { Value } from '../../trace/value.ts'
import type { Garden } from '../garden.ts'

/** States that a graph declares, as optimizers and layers do. */
export interface States {
  readonly parameters: readonly Value[]
  readonly statistic: Value
  /** Two that change places. */
  readonly pair: readonly [Value, Value]
  readonly step: Value
}

/** Declares states and adds them to the garden. */
export function declareStates(garden: Garden): States {
  const { random, dtype } = garden
  const some = (path: string, shape: readonly number[], role?: 'parameter' | 'statistic') => {
    const value = state(path, { dtype, shape }, role)
    garden.put(value, 2)
    return value
  }
  const parameters = Array.from({ length: random.int(1, 3) }, (_, i) =>
    some(`layer${i}.w`, garden.shape(random.int(0, 2)), 'parameter'),
  )
  const shape = garden.shape(1)
  const pair = [some('pair.a', shape), some('pair.b', shape)] as const
  const statistic = some('norm.mean', garden.shape(1), 'statistic')
  return { parameters, statistic, pair, step: state('step', { dtype: 'i32', shape: [] }, 'optimizer') }
}

/** Gives states their successors: steps of descent, a running mean, a counter, and two that change places. */
export function succeed(garden: Garden, { parameters, statistic, pair, step }: States): void {
  const { random } = garden
  for (const [i, w] of parameters.entries()) {
    if (random.chance(0.2)) continue
    const g = garden.shaped(w.shape)
    setState(`layer${i}.w`, w.sub(g.mul(0.1)))
  }
  const batch = garden.shaped(statistic.shape)
  setState(
    'norm.mean',
    hinted({ keep: true }, () => statistic.mul(0.9).add(batch.mul(0.1))),
  )
  if (random.chance(0.7)) {
    setState('pair.a', pair[1])
    setState('pair.b', random.chance(0.5) ? pair[0] : pair[1])
  }
  setState('step', step.add(1))
}
