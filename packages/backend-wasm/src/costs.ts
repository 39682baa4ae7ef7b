import type { CostTable, Kernel } from '@stint/engine'
import { bytesOf, type OpName, opDef, type Type } from '@stint/graph'

/** Measured on one core with Node 20; only their ratios matter to a plan. */
export const costs: CostTable = {
  step: 200,
  flop: { vector: 32, elementwise: 6, reduction: 3, contraction: 45, window: 2, other: 2 },
  bytes: 30,
}

function workOf(op: OpName): string {
  if (op === 'dot' || op === 'conv' || op === 'convInput' || op === 'convWeight') return 'contraction'
  const { kind } = opDef(op)
  if (kind === 'elementwise' || kind === 'generator') return 'elementwise'
  return kind === 'reduction' ? 'reduction' : kind === 'anchor' ? 'window' : 'other'
}

/** Whole ns of one run by the table: FLOP of every node at the rate of its kind of work, and the bytes of operands and results. */
export function costOf(kernel: Kernel, table: CostTable): number {
  const types: Type[] = [...kernel.operands]
  let ns = table.step
  for (const node of kernel.body) {
    const inputs = node.inputs.map(i => types[i]!)
    ns += opDef(node.op).flops(inputs, node.types, node.attrs) / (table.flop[workOf(node.op)] ?? 1)
    types.push(...node.types)
  }
  for (const type of [...kernel.operands, ...kernel.results.map(r => r.type)])
    ns += bytesOf(type) / table.bytes
  return Math.ceil(ns)
}
