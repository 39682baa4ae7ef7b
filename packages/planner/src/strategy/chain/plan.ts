import type { DagTaskId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { Simulation } from '../simulate.ts'
import type { Chain, ChainStep } from './steps.ts'
import { costIn, Tables, unitsOf } from './tables.ts'

/** Units of memory up to which a chain is planned exactly. */
const exactly = 6000

/** Of a chain too large for that, into how many units its room is split: as many as take about as long. */
const units = { coarse: 200, least: 1000, most: 8000, all: 150_000 }

/** Rounding up may ask for so many units more than what runs really takes. */
const slack = 6

export interface ChainOptions {
  /** Units that the budget is split into where it cannot be planned exactly. */
  readonly units?: number
  readonly stop?: () => boolean
}

/** Longest chain that there are tables for, and most entries of these that are looked at. */
const longest = 2000
const work = 2e8

/**
 * The cheapest sequence of runs of a chain within `budget` bytes, among those that keep a checkpoint until its last use;
 * undefined if there is none, or if the chain is too long for the work or time there is. Where sizes are large and have no common
 * divisor they are rounded: that may cost more, or find nothing, and what it asks for is looked at.
 */
export function planChain(
  model: Model,
  chain: Chain,
  budget: number,
  options: ChainOptions = {},
): Int32Array | undefined {
  const { steps, resident } = chain
  const room = budget - resident
  if (!(room >= 0) || steps.length === 0 || steps.length > longest) return undefined
  const sizes = steps.flatMap(bytesOf)
  const divisor = Math.max(1, sizes.reduce(commonDivisor, 0))
  const exact = room <= exactly * divisor
  const count = Math.round(Math.min(units.most, Math.max(units.least, units.all / steps.length)))
  const finest = exact ? divisor : fittingUnit(sizes, room, options.units ?? count)
  const coarse = room <= units.coarse * finest ? finest : fittingUnit(sizes, room, units.coarse)
  const simulation = new Simulation(model)
  // What coarse units find bounds the cost for finer ones, which makes those fast.
  let most = Number.POSITIVE_INFINITY
  let best: Int32Array | undefined
  for (const unit of new Set([coarse, finest])) {
    const fitting = Math.floor(room / unit)
    const memory = exact ? fitting : fitting + slack
    const tables = new Tables(steps, unitsOf(steps, unit), memory, {
      most,
      work,
      ...(options.stop && { stop: options.stop }),
    })
    const { whole } = tables
    if (whole === undefined) break
    for (let n = memory; n >= fitting; n--) {
      const cost = costIn(whole, n)
      if (cost === costIn(whole, n - 1) && n > fitting) continue
      const found = cost < most ? sequenceOf(tables, n) : undefined
      if (found === undefined || simulation.run(found, found.length) > budget) continue
      ;[best, most] = [found, cost]
      break
    }
  }
  return best
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
  if (!(room >= 0) || chain.steps.length === 0 || chain.steps.length > longest) return () => undefined
  const unit = Math.max(1, Math.ceil(room / (options.units ?? units.least)))
  const tables = new Tables(chain.steps, unitsOf(chain.steps, unit), Math.floor(room / unit), {
    work,
    ...(options.stop && { stop: options.stop }),
  })
  if (tables.whole === undefined) return () => undefined
  return budget => sequenceOf(tables, Math.min(tables.memory, Math.floor((budget - chain.resident) / unit)))
}

function sequenceOf(tables: Tables, memory: number): Int32Array | undefined {
  const { whole } = tables
  if (whole === undefined || costIn(whole, memory) === Number.POSITIVE_INFINITY) return undefined
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

/** The unit of which about `count` make the room, and which the sizes, rounded up to it, and the room, rounded down, fit best. */
function fittingUnit(sizes: readonly number[], room: number, count: number): number {
  const [least, most] = [Math.ceil(room / (1.25 * count)), Math.ceil(room / (0.75 * count))]
  const times = new Map<number, number>()
  for (const s of sizes) if (s > 0) times.set(s, (times.get(s) ?? 0) + 1)
  let best = { unit: Math.ceil(room / count), waste: Number.POSITIVE_INFINITY }
  const weigh = (unit: number): void => {
    let waste = sizes.length * (1 - (unit * Math.floor(room / unit)) / room)
    for (const [s, n] of times) waste += n * ((unit * Math.ceil(s / unit)) / s - 1)
    if (waste < best.waste) best = { unit, waste }
  }
  weigh(best.unit)
  for (const s of [...times.keys(), room])
    for (let k = Math.ceil(s / most); k <= s / least; k++) weigh(Math.ceil(s / k))
  return best.unit
}

function commonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b]
  return a
}
