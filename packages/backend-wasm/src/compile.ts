import { math } from '@stint/graph'
import { type FunctionBuilder, type Local, ModuleBuilder, type ValType } from './asm/index.ts'
import { type Phase, type PhaseBuilder, type ScalarMath, scalarMath } from './design.ts'

/** Parameters of a phase: address of the step's record, which part of the work, of how many, which thread runs it. */
export const phaseParams: readonly ValType[] = ['i32', 'i32', 'i32', 'i32']

export interface CompileOptions {
  readonly relaxed: boolean
  /** Whether the memory will be shared between threads. */
  readonly shared: boolean
}

/** One module with the phases of several kernels; its exports are `p0`, `p1`, … in order. */
export function encodePhases(
  kernels: readonly (readonly Phase[])[],
  { relaxed, shared }: CompileOptions,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder().importMemory(
    shared ? { minPages: 1, maxPages: 65536, shared } : { minPages: 1 },
  )
  const math = Object.fromEntries(
    scalarMath.map(name => {
      const params: ValType[] = name === 'pow' || name === 'atan2' ? ['f64', 'f64'] : ['f64']
      return [name, module.importFunction('math', name, params, ['f64'])]
    }),
  ) as { readonly [name in ScalarMath]: number }
  const helpers = new Map<string, number>()
  const helper: PhaseBuilder['helper'] = (key, params, results, build) => {
    const known = helpers.get(key)
    if (known !== undefined) return known
    const { index, code } = module.function(params, results)
    helpers.set(key, index)
    build(code)
    return index
  }
  let next = 0
  for (const phases of kernels)
    for (const phase of phases) {
      const { index, code } = module.function(phaseParams)
      phase(builderOf(code, relaxed, helper, math))
      module.exportFunction(`p${next++}`, index)
    }
  return module.encode()
}

function builderOf(
  f: FunctionBuilder,
  relaxed: boolean,
  helper: PhaseBuilder['helper'],
  math: { readonly [name in ScalarMath]: number },
): PhaseBuilder {
  const record = f.param(0)
  const word = (index: number): Local =>
    f.kept(`record ${index}`, 'i32', () => f.get(record).mem('i32.load', 4 * index, 2))
  return {
    f,
    part: f.param(1),
    parts: f.param(2),
    slot: f.param(3),
    relaxed,
    arg: index => word(index + 1),
    workspace: () => word(0),
    helper,
    scalarMath: name => math[name],
  }
}

/** What a module of phases imports, over one memory. */
export function phaseImports(memory: WebAssembly.Memory): WebAssembly.Imports {
  return { env: { memory }, math: Object.fromEntries(scalarMath.map(name => [name, math[name]])) }
}
