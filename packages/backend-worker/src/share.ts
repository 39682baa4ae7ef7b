import type { KernelCode } from '@stint/backend-wasm'
import type { Program } from '@stint/engine'

/** Work that one thread does by itself rather than wake others for it, and the least that is worth a part, in ns. */
const alone = 20_000
const part = 10_000

/** More parts than threads, so that a thread whose core is busy elsewhere leaves work to the others. */
const most = 4

/** How many parts of each phase every thread is given, by kernel and variant; 0 where one thread does all. */
export function shareOf(
  program: Program,
  code: KernelCode,
  threads: number,
): (kernel: number, variant: number) => number {
  return (index, variant) => {
    if (threads === 1) return 0
    const { cost } = code.design(program.kernels[index]!, program.target).variants[variant]!
    return cost < alone ? 0 : Math.max(1, Math.min(most, Math.floor(cost / (part * threads))))
  }
}
