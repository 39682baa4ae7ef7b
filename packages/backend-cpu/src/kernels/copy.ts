import type { Kernel } from '@stint/engine'
import { bytesOf } from '@stint/graph'
import type { Design } from './design.ts'

/** Whether a kernel gives its only operand back: what a plan copies the successor of a state with. */
export function isCopy(kernel: Kernel): boolean {
  return kernel.body.length === 0 && kernel.operands.length === 1 && kernel.results.length === 1
}

/** Bytes from one place to another. Needs no workspace, for which a plan has no room when it copies. */
export function designCopy(kernel: Kernel): Design {
  const bytes = bytesOf(kernel.operands[0]!)
  return {
    workspaceBytes: 0,
    compile: ({ u8 }) => ({
      run(args) {
        u8.copyWithin(args[1]!, args[0]!, args[0]! + bytes)
      },
    }),
  }
}
