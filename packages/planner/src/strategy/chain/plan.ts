import type { DagTaskId } from '../../dag/dag.ts'
import type { Chain, ChainStep } from './steps.ts'
import { costIn, Tables, unitsOf } from './tables.ts'

/** Units of memory up to which a chain is planned exactly. */
const exactly = 6000

export interface ChainOptions {
  /** Units that the budget is split into where it cannot be planned exactly; 1000 unless said. */
  readonly units?: number
}

/**
 * The cheapest sequence of runs of a chain within `budget` bytes, among those that keep a checkpoint until its last use;
 * undefined if there is none. Where sizes are large and have no common divisor they are rounded up: that may cost more, or
 * find nothing, but never exceeds the budget.
 */
export function planChain(chain: Chain, budget: number, options: ChainOptions = {}): Int32Array | undefined {
  const { steps, resident } = chain
  const room = budget - resident
  if (!(room >= 0) || steps.length === 0) return undefined
  const divisor = Math.max(1, steps.flatMap(bytesOf).reduce(commonDivisor, 0))
  const finest = room <= exactly * divisor ? divisor : Math.ceil(room / (options.units ?? 1000))
  // What coarse units find bounds the cost for finer ones, which makes those fast.
  let most = Number.POSITIVE_INFINITY
  let best: Tables | undefined
  for (const units of [200, Number.POSITIVE_INFINITY]) {
    const unit = Math.max(finest, Math.ceil(room / units))
    if (unit === finest && units < Number.POSITIVE_INFINITY) continue
    const tables = new Tables(steps, unitsOf(steps, unit), Math.floor(room / unit), most)
    const cost = costIn(tables.whole, tables.memory)
    if (cost === Number.POSITIVE_INFINITY || (best !== undefined && cost >= most)) continue
    best = tables
    most = cost
  }
  return best && sequenceOf(best, best.memory)
}

/**
 * The same for any budget up to `most` bytes, in units of that: one table answers all. For chains whose steps are measured
 * with room to spare, where a larger budget may yet fit.
 */
export function chainPlanner(
  chain: Chain,
  most: number,
  options: ChainOptions = {},
): (budget: number) => Int32Array | undefined {
  const room = most - chain.resident
  if (!(room >= 0) || chain.steps.length === 0) return () => undefined
  const unit = Math.max(1, Math.ceil(room / (options.units ?? 1000)))
  const units = unitsOf(chain.steps, unit)
  const tables = new Tables(chain.steps, units, Math.floor(room / unit), Number.POSITIVE_INFINITY)
  return budget => sequenceOf(tables, Math.min(tables.memory, Math.floor((budget - chain.resident) / unit)))
}

function sequenceOf(tables: Tables, memory: number): Int32Array | undefined {
  if (costIn(tables.whole, memory) === Number.POSITIVE_INFINITY) return undefined
  const runs: DagTaskId[] = []
  follow(tables, 0, tables.steps.length - 1, memory, false, runs)
  return Int32Array.from(runs)
}

/** Writes down the runs of a part's cheapest way. */
function follow(
  tables: Tables,
  s: number,
  t: number,
  memory: number,
  ended: boolean,
  runs: DagTaskId[],
): void {
  const { steps } = tables
  const way = tables.cheapest(s, t, ended, memory)
  const forward = (to: number): void => {
    for (let i = s; i <= to; i++) runs.push(...steps[i]!.forward)
  }
  const rest = memory - way.secondLess
  switch (way.kind) {
    case 'at-once':
      runs.push(...steps[s]!.direct.runs)
      return
    case 'last':
      runs.push(...steps[t]!.options[0]!.runs)
      if (s < t) follow(tables, s, t - 1, rest, false, runs)
      return
    case 'whole':
      forward(t)
      follow(tables, s, t, memory, true, runs)
      return
    case 'keep':
      runs.push(...steps[s]!.options[way.at]!.forward)
      follow(tables, s + 1, t, memory - way.firstLess, ended, runs)
      runs.push(...steps[s]!.options[way.at]!.runs)
      return
    case 'split':
      forward(way.at)
      follow(tables, way.at + 1, t, memory - way.firstLess, ended, runs)
      follow(tables, s, way.at, rest, tables.better(s, way.at, rest), runs)
  }
}

function bytesOf({ state, forwardPeak, gradient, left, direct, options }: ChainStep): number[] {
  const kept = options.flatMap(o => [o.kept, o.forwardPeak, o.backwardPeak])
  return [state, forwardPeak, gradient, left, direct.peak, ...kept]
}

function commonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b]
  return a
}
