import { checkRelaxed, KernelCode, wasmTarget } from '@stint/backend-wasm'
import type { Backend } from '@stint/engine'
import { StintError } from '@stint/graph'
import { WorkerArena } from './arena.ts'
import { Pool } from './pool.ts'
import { availableThreads, sharesMemory } from './port.ts'

export interface WorkerOptions {
  /** How many threads compute, 1 to 64: as many as there are cores, at most 8, unless given. */
  readonly threads?: number
  /** Fused multiply-add inside contractions (relaxed SIMD); needs an engine that has it. Changes numbers. */
  readonly relaxed?: boolean
  /** Where the script of a thread lies (`dist/thread.js` of this package), if a bundler has moved it. */
  readonly script?: string | URL
}

const mostThreads = 64

/**
 * The kernels of the wasm backend on several threads over one shared memory, with the same bits for any number of
 * them. The caller's thread stays free. Where memory cannot be shared (browsers share it only in isolated pages), one
 * thread does the work, and the target says `shared: false`. Throws StintError (`THREADS`) and RelaxedSimdError.
 *
 * @example
 * const step = await compile(fn, { inputs, memory: '2 MiB', backend: worker({ threads: 2 }) })
 */
export function worker({ threads, relaxed = false, script }: WorkerOptions = {}): Backend {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads))
    throw new StintError('THREADS', 'that many threads cannot be had', {
      expected: `1 to ${mostThreads}`,
      got: `${threads}`,
    })
  if (relaxed) checkRelaxed()
  const shared = sharesMemory()
  const size = shared ? (threads ?? Math.max(1, Math.min(8, availableThreads()))) : 1
  const code = new KernelCode(shared)
  const pool = new Pool(size, script)
  const base = wasmTarget(relaxed)
  const features = { ...base.features, shared }
  return {
    name: shared ? 'worker' : 'worker (memory not shared)',
    target: async () => ({ ...base, backend: 'worker', threads: size, features }),
    prepare: (kernels, target) => {
      // Whoever asks is about to plan, which leaves the threads time to start.
      pool.warm()
      return kernels.map(kernel => code.info(kernel, target))
    },
    open: (bytes, target) => WorkerArena.open(bytes, target.threads, code, pool),
  }
}
