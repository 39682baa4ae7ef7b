import { type Kernel, lower, UnsupportedKernel } from '@stint/engine'
import { opDef } from '@stint/graph'
import { designAnchor } from './anchor.ts'
import { designCopy, isCopy } from './copy.ts'
import type { Design } from './design.ts'
import { designMap } from './map.ts'
import { designReduce } from './reduce.ts'

/** Works out how a kernel runs. Throws UnsupportedKernel. */
export function design(kernel: Kernel): Design {
  const control = kernel.body.find(n => opDef(n.op).kind === 'control')
  if (control !== undefined) throw new UnsupportedKernel('cpu', control.op, kernel.signature)
  if (isCopy(kernel)) return designCopy(kernel)
  const nest = lower(kernel)
  switch (nest.kind) {
    case 'map':
      return designMap(kernel, nest)
    case 'reduce':
      return designReduce(kernel, nest)
    case 'anchor':
      return designAnchor(kernel, nest)
  }
}
