import type { Backend, Target } from '@stint/engine'
import { WasmArena } from './arena.ts'
import { KernelCode } from './code.ts'
import { costs } from './costs.ts'
import { checkRelaxed } from './relaxed.ts'

/** Choices that change numbers, and are recorded in the target. */
export interface WasmOptions {
  /** Fused multiply-add inside contractions (relaxed SIMD); needs an engine that has it. */
  readonly relaxed?: boolean
}

/**
 * The backend of generated WebAssembly: 128-bit SIMD, one thread, one call a run. Elementwise f32 rounds after every
 * op; sums accumulate in f64, in four lanes of chunks of 8192 elements, and round once. Throws RelaxedSimdError.
 *
 * @example
 * const step = await compile(fn, { inputs, memory: '2 MiB', backend: wasm() })
 */
export function wasm({ relaxed = false }: WasmOptions = {}): Backend {
  if (relaxed) checkRelaxed()
  const code = new KernelCode(false)
  return {
    name: 'wasm',
    target: async () => wasmTarget(relaxed),
    prepare: (kernels, target) => kernels.map(kernel => code.info(kernel, target)),
    open: async bytes => new WasmArena(bytes, code),
  }
}

/** What the backend compiles for, the same on every machine. */
export function wasmTarget(relaxed: boolean): Target {
  return {
    backend: 'wasm',
    numerics: 1,
    threads: 1,
    align: 64,
    features: { simd: true, relaxed },
    costs,
  }
}
