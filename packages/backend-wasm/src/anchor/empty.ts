import { type AnchorNest, inPlacePairs, type Kernel } from '@stint/engine'
import { dtypeBytes, sizeOf, type Type } from '@stint/graph'
import type { DesignContext, KernelDesign, PhaseBuilder } from '../design.ts'
import { partOf } from '../nest/loops.ts'
import { emitBlock } from './block.ts'
import { anchorCost } from './cost.ts'
import { epilogueOf } from './dot.ts'

/** True if an anchor makes nothing, or makes it of nothing: sums of no numbers. */
export function isEmpty({ node, sources }: AnchorNest): boolean {
  return [...sources.map(s => s.type), ...node.types].some(t => sizeOf(t.shape) === 0)
}

/** An anchor over nothing: zero everywhere, and what is computed of it. */
export function designEmpty(kernel: Kernel, nest: AnchorNest, { target }: DesignContext): KernelDesign {
  const [{ shape }] = nest.node.types as [Type]
  const size = sizeOf(shape)
  const epilogue = epilogueOf(nest, [shape.map((_, i) => i)])
  const phase = (b: PhaseBuilder): void => {
    const { f } = b
    const [from, count] = partOf(f, b, size, size)
    f.get(count).get(from).op('i32.sub').set(count)
    const zeros = f.local('i32')
    f.get(b.workspace()).i32(0).i32(64).memoryFill()
    f.get(b.workspace()).set(zeros)
    emitBlock(b, {
      grouped: epilogue,
      spans: [{ start: from, count, unit: size }],
      anchor: { at: zeros, strides: [0] },
      firstResult: kernel.operands.length,
    })
    f.release(from, count, zeros)
  }
  return {
    operandAlign: kernel.operands.map(t => dtypeBytes(t.dtype)),
    variants: [
      {
        workspaceBytes: size === 0 ? 0 : 64,
        cost: anchorCost(kernel, nest, target.costs, 0),
        inPlace: inPlacePairs(kernel, nest),
        phases: size === 0 ? [] : [phase],
      },
    ],
  }
}
