import type { Model } from '../../dag/model.ts'
import { Simulation } from '../simulate.ts'
import { cutsOf, trainingOrder } from './blocks.ts'
import { chainFrom } from './build.ts'
import { planChains } from './plan.ts'

export interface BlocksOptions {
  /** Blocks of a cut, at most; 120 unless said. */
  readonly blocks?: number
  /** Units that memory is split into; 300 unless said. */
  readonly units?: number
}

/** Budgets that are planned for, as shares of the one that is asked: blocks are measured with room to spare. */
const shares = [1, 1.02, 1.05, 1.08, 1.12, 1.17, 1.25, 1.35]

/**
 * Sequences within `budget` live bytes for a training DAG that is chain-like: cut into blocks, each of which is planned as one
 * step of a chain with several ways to keep its residuals (as in Rockmate, Zhao et al. 2023). One sequence a cut, the
 * cheapest first; none if no cut gives any.
 */
export function planBlocks(model: Model, budget: number, options: BlocksOptions = {}): Int32Array[] {
  const { blocks = 120, units = 300 } = options
  if (model.needed.some(t => model.once[t] === 1) || model.needed.length < 4) return []
  const simulation = new Simulation(model)
  const order = trainingOrder(model)
  const found: { sequence: Int32Array; cost: number }[] = []
  for (const cut of cutsOf(model, order, blocks)) {
    const chain = chainFrom(model, cut)
    let best: { sequence: Int32Array; cost: number } | undefined
    for (const sequence of planChains(
      chain,
      shares.map(s => Math.floor(s * budget)),
      { units },
    )) {
      if (sequence === undefined || simulation.run(sequence, sequence.length) > budget) continue
      if (best === undefined || simulation.cost < best.cost) best = { sequence, cost: simulation.cost }
    }
    if (best !== undefined) found.push(best)
  }
  return found.sort((a, b) => a.cost - b.cost).map(f => f.sequence)
}
