import { type AnchorNest, type Kernel, UnsupportedKernel } from '@stint/engine'
import type { DesignContext, KernelDesign } from '../design.ts'
import { designConv, designConvInput } from './conv.ts'
import { designConvWeight } from './conv-weight.ts'
import { designDot } from './dot.ts'
import { designEmpty, isEmpty } from './empty.ts'
import { designGather } from './gather.ts'
import { designPool } from './pool.ts'
import { designScatterAdd } from './scatter.ts'

/** How an anchor (contraction, convolution, window, gather …) runs with its computed sources and epilogue. Throws UnsupportedKernel. */
export function designAnchor(kernel: Kernel, nest: AnchorNest, context: DesignContext): KernelDesign {
  if (isEmpty(nest)) return designEmpty(kernel, nest, context)
  switch (nest.node.op) {
    case 'dot':
      return designDot(kernel, nest, context)
    case 'conv':
      return designConv(kernel, nest, context)
    case 'convInput':
      return designConvInput(kernel, nest, context)
    case 'convWeight':
      return designConvWeight(kernel, nest, context)
    case 'maxPool':
    case 'maxPoolGather':
    case 'maxPoolScatter':
    case 'sumPool':
    case 'sumUnpool':
      return designPool(kernel, nest, context)
    case 'gather':
      return designGather(kernel, nest, context)
    case 'scatterAdd':
      return designScatterAdd(kernel, nest, context)
    default:
      throw new UnsupportedKernel('wasm', nest.node.op, kernel.signature)
  }
}
