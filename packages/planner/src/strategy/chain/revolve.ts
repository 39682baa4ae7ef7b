import type { DagTaskId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { Simulation } from '../simulate.ts'
import type { Chain } from './steps.ts'

/** Most steps that are run again: what the longest chain takes that there are tables for. */
const most = 2e6

/**
 * A sequence of runs of a chain within `budget` live bytes whose checkpoints stand as in Revolve (Griewank and Walther 2000,
 * "Algorithm 799"), as many as fit: the fewest repeated steps where all are equal, and for other chains a way that needs no
 * tables. Undefined if none fits, or only such as repeat too many steps.
 */
export function revolve(model: Model, chain: Chain, budget: number): Int32Array | undefined {
  const simulation = new Simulation(model)
  const within = (slots: number): Int32Array | undefined => {
    const sequence = reversal(chain, slots)
    return simulation.run(sequence, sequence.length) <= budget ? sequence : undefined
  }
  const least = fewestSlots(chain)
  let best = within(least)
  for (let [low, high] = [least + 1, chain.steps.length]; best !== undefined && low <= high; ) {
    const middle = (low + high) >> 1
    const found = within(middle)
    if (found === undefined) high = middle - 1
    else [best, low] = [found, middle + 1]
  }
  return best
}

/** The fewest checkpoints with which no more than `most` steps run again. */
export function fewestSlots({ steps }: Chain): number {
  let slots = 1
  while (repeated(steps.length, slots) > most) slots++
  return slots
}

/** The runs that reverse a chain with so many checkpoints. */
export function reversal({ steps }: Chain, slots: number): Int32Array {
  const runs: DagTaskId[] = []
  const add = (tasks: readonly DagTaskId[]): void => {
    for (const t of tasks) runs.push(t)
  }
  // Parts to reverse, the next one last; `ended`: the state after it is there.
  const parts = [{ from: 0, to: steps.length - 1, slots, ended: false }]
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const { from, to, slots, ended } = part
    if (from === to) {
      add(ended ? steps[to]!.options[0]!.runs : steps[to]!.direct.runs)
      continue
    }
    const middle = from + advance(to - from + 1, slots)
    for (let i = from; i < middle; i++) add(steps[i]!.forward)
    parts.push({ from, to: middle - 1, slots, ended: true })
    parts.push({ from: middle, to, slots: slots - 1, ended })
  }
  return Int32Array.from(runs)
}

/** How many steps to go forward before the next checkpoint, for the fewest repeated steps. */
function advance(length: number, slots: number): number {
  if (slots === 1) return length - 1
  const times = repeats(length, slots)
  return Math.max(1, length - reach(slots - 1, times), times < 2 ? 0 : reach(slots, times - 2))
}

/** How often a step runs at most. */
function repeats(length: number, slots: number): number {
  if (slots === 1) return length - 1
  let times = 0
  for (let reached = 1; reached < length; reached = (reached * (slots + times)) / times) times++
  return times
}

/** Steps forward that reversing a chain takes at least. */
function repeated(length: number, slots: number): number {
  const times = repeats(length, slots)
  return times * length - (times === 0 ? 0 : reach(slots + 1, times - 1))
}

/** The length of chain that can be reversed with so many checkpoints if no step runs more than so many times: a binomial. */
function reach(slots: number, times: number): number {
  let product = 1
  for (let i = 1; i <= times; i++) product = (product * (slots + i)) / i
  return product
}
