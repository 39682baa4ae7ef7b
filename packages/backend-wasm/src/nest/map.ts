import { type Kernel, type MapNest, UnsupportedKernel } from '@stint/engine'
import type { DesignContext, KernelDesign } from '../design.ts'

export function designMap(kernel: Kernel, _nest: MapNest, _context: DesignContext): KernelDesign {
  throw new UnsupportedKernel('wasm', 'map', kernel.signature)
}
