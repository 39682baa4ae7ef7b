import type { CostTable } from '@stint/engine'

/** Measured on one core with Node 20; only their ratios matter to a plan. */
export const costs: CostTable = {
  step: 200,
  flop: { vector: 32, contraction: 45 },
  bytes: 30,
}
