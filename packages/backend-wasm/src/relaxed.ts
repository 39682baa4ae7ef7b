import { StintError } from '@stint/graph'
import { ModuleBuilder } from './asm/index.ts'

/** Fused multiply-add was asked for, and the engine has none. */
export class RelaxedSimdError extends StintError {
  constructor() {
    super('RELAXED_SIMD', 'the engine has no relaxed SIMD', {
      expected: 'a WebAssembly engine with relaxed SIMD, for `relaxed: true`',
      got: 'one that refuses f32x4.relaxed_madd',
      hint: 'Leave out `relaxed`, or use Node 22 or later, or Node 20 with --experimental-wasm-relaxed-simd.',
    })
  }
}

/** Throws RelaxedSimdError unless the engine takes fused multiply-add. */
export function checkRelaxed(): void {
  const module = new ModuleBuilder()
  const { code } = module.function(['v128', 'v128', 'v128'], ['v128'])
  code.get(code.param(0)).get(code.param(1)).get(code.param(2)).op('f32x4.relaxed_madd')
  if (!WebAssembly.validate(module.encode())) throw new RelaxedSimdError()
}
