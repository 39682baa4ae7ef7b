import { type AnchorNest, type Kernel, UnsupportedKernel } from '@stint/engine'
import type { DesignContext, KernelDesign } from '../design.ts'

/** How an anchor (contraction, convolution, window, gather …) runs with its computed sources and epilogue. Throws UnsupportedKernel. */
export function designAnchor(kernel: Kernel, nest: AnchorNest, _context: DesignContext): KernelDesign {
  throw new UnsupportedKernel('wasm', nest.node.op, kernel.signature)
}
