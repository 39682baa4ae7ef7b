import { inPlacePairs, type Kernel, type ReduceNest } from '@stint/engine'
import { dtypeBytes } from '@stint/graph'
import type { DesignContext, KernelDesign } from '../../design.ts'
import { nestCost } from '../cost.ts'
import { reducePhases, reduceWorkspace } from './phases.ts'
import { planReduce } from './plan.ts'

/**
 * Reductions over the same axes with elementwise work around them. Sums accumulate in f64: elements in row-major order
 * go round four lanes, chunks of 8192 elements are added in order, and the result is rounded once.
 */
export function designReduce(kernel: Kernel, nest: ReduceNest, { target }: DesignContext): KernelDesign {
  const plan = planReduce(nest)
  return {
    operandAlign: kernel.operands.map(type => dtypeBytes(type.dtype)),
    variants: [
      {
        workspaceBytes: reduceWorkspace(plan),
        cost: nestCost(
          nest,
          plan.axis,
          [...kernel.operands, ...kernel.results.map(r => r.type)],
          target.costs,
        ),
        inPlace: inPlacePairs(kernel, nest),
        phases: reducePhases(kernel, plan),
      },
    ],
  }
}
