import { type Backend, inPlacePairs, type Kernel, type KernelInfo, lower, type Target } from '@stint/engine'
import { dtypeBytes } from '@stint/graph'
import { CpuArena } from './arena.ts'
import { costOf, costs } from './costs.ts'
import { design } from './kernels/kernel.ts'

/**
 * The backend of plain TypeScript: every kernel, every dtype, one thread. Elementwise work computes in f64 and rounds
 * once to the dtype after each op; sums, contractions and convolutions accumulate in f64 and round once a result. Its
 * numbers are those of `evaluate`.
 *
 * @example
 * const step = await compile(fn, { inputs, memory: '2 MiB', backend: cpu() })
 */
export function cpu(): Backend {
  return {
    name: 'cpu',
    target: async () => ({
      backend: 'cpu',
      numerics: 1,
      threads: 1,
      align: 64,
      features: {},
      costs,
    }),
    prepare: (kernels, target) => kernels.map(kernel => infoOf(kernel, target)),
    open: async bytes => new CpuArena(bytes),
  }
}

function infoOf(kernel: Kernel, target: Target): KernelInfo {
  const { workspaceBytes } = design(kernel)
  return {
    operandAlign: kernel.operands.map(type => dtypeBytes(type.dtype)),
    variants: [
      {
        workspaceBytes,
        cost: costOf(kernel, target.costs),
        inPlace: inPlacePairs(kernel, lower(kernel)),
      },
    ],
  }
}
