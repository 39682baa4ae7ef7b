import type { DagTaskId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import { Simulation } from '../simulate.ts'
import { cutsOf, isTraining, trainingOrder } from './blocks.ts'
import { chainFrom } from './build.ts'
import { chainPlanner } from './plan.ts'

export interface BlocksOptions {
  /** Blocks of a cut, at most; 120 unless said. */
  readonly blocks?: number
  /** Units that memory is split into; 500 unless said. */
  readonly units?: number
  readonly stop?: () => boolean
}

/** Up to which share of the budget a cut is planned: its blocks are measured with room to spare. */
const beyond = 1.6
const shares = Array.from({ length: 25 }, (_, i) => 0.9 + (0.7 * i) / 25)
const bisections = { few: 8, many: 5 }
const fewTasks = 2000
const manyTasks = 50_000
/** Cuts are tried as long as their tasks are no more than this in sum. */
const muchWork = 150_000
/** Tasks that may be looked at for ways to keep residuals. */
const muchLooking = 6e7

/**
 * Sequences within `budget` live bytes for a training DAG that is chain-like: cut into blocks, each of which is planned as one
 * step of a chain with several ways to keep its residuals (as in Rockmate, Zhao et al. 2023). One sequence a cut, the
 * cheapest first; none if no cut gives any.
 */
export function planBlocks(model: Model, budget: number, options: BlocksOptions = {}): Int32Array[] {
  const { blocks = 120, units = 500, stop } = options
  if (model.needed.some(t => model.once[t] === 1) || model.needed.length < 4) return []
  // Others are seldom chain-like, and to find that out takes long.
  if (model.needed.length > fewTasks && !isTraining(model)) return []
  const simulation = new Simulation(model)
  const order = trainingOrder(model)
  const found: { sequence: Int32Array; cost: number }[] = []
  let work = 0
  const effort = { left: muchLooking }
  for (const cut of cutsOf(model, order, blocks)) {
    work += order.length
    if (work > muchWork && found.length > 0) break
    if (work > 2 * muchWork || stop?.() === true) break
    const chain = chainFrom(model, cut, effort)
    // Each state is there once.
    if (chain.steps.some(s => s.state > beyond * budget - chain.resident)) continue
    const planned = chainPlanner(chain, beyond * budget, { units, ...(stop && { stop }) })
    let best: { sequence: Int32Array; cost: number } | undefined
    // The more is planned for, the more is used, but not strictly so: small DAGs are tried at many shares.
    const grid = order.length < fewTasks ? shares : [shares[0]!]
    let [low, high] = [shares[0]!, beyond]
    const halvings = order.length < manyTasks ? bisections.few : bisections.many
    for (let i = 0; i < grid.length + halvings; i++) {
      const now = grid[i] ?? (low + high) / 2
      const steps = planned(now * budget)
      const sequence = steps && complete(model, steps)
      const fits = sequence !== undefined && simulation.run(sequence, sequence.length) <= budget
      if (sequence === undefined || fits) low = Math.max(low, now)
      else high = Math.min(high, now)
      if (fits && (best === undefined || simulation.cost < best.cost))
        best = { sequence, cost: simulation.cost }
    }
    if (best !== undefined) found.push(best)
  }
  return found.sort((a, b) => a.cost - b.cost).map(f => f.sequence)
}

/** With what no block needs, such as updates of statistics in the forward pass: each as soon as its inputs are there. */
function complete(model: Model, sequence: Int32Array): Int32Array {
  const first = new Int32Array(model.cost.length).fill(-1)
  for (let i = sequence.length - 1; i >= 0; i--) first[sequence[i]!] = i
  const missing = model.needed.filter(t => first[t]! < 0)
  if (missing.length === 0) return sequence
  const after = new Map<number, DagTaskId[]>()
  for (const t of missing) {
    const at = model.reads[t]!.reduce((n, v) => Math.max(n, first[model.producer[v]!] ?? -1), -1)
    first[t] = at
    after.set(at, [...(after.get(at) ?? []), t])
  }
  const runs: DagTaskId[] = [...(after.get(-1) ?? [])]
  for (const [i, t] of sequence.entries()) {
    runs.push(t)
    const more = after.get(i)
    if (more !== undefined) runs.push(...more)
  }
  return Int32Array.from(runs)
}
