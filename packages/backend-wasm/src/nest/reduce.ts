import { type Kernel, type ReduceNest, UnsupportedKernel } from '@stint/engine'
import type { DesignContext, KernelDesign } from '../design.ts'

export function designReduce(kernel: Kernel, _nest: ReduceNest, _context: DesignContext): KernelDesign {
  throw new UnsupportedKernel('wasm', 'reduce', kernel.signature)
}
