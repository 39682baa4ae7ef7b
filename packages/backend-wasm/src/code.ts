import { type Kernel, type KernelInfo, lower, type Target, UnsupportedKernel } from '@stint/engine'
import { opDef } from '@stint/graph'
import { designAnchor } from './anchor/index.ts'
import { encodePhases } from './compile.ts'
import type { DesignContext, KernelDesign } from './design.ts'
import { designMap } from './nest/map.ts'
import { designReduce } from './nest/reduce/index.ts'

/** Works out how a kernel runs. Throws UnsupportedKernel. */
export function designKernel(kernel: Kernel, context: DesignContext): KernelDesign {
  const control = kernel.body.find(n => opDef(n.op).kind === 'control')
  if (control !== undefined) throw new UnsupportedKernel('wasm', control.op, kernel.signature)
  const nest = lower(kernel)
  switch (nest.kind) {
    case 'map':
      return designMap(kernel, nest, context)
    case 'reduce':
      return designReduce(kernel, nest, context)
    case 'anchor':
      return designAnchor(kernel, nest, context)
  }
}

/** One kernel to have code for. */
export interface CodeRequest {
  readonly key: string
  readonly kernel: Kernel
  readonly variant: number
}

/** A compiled module, and which of its exports belong to which request. */
export interface PhaseModule {
  readonly module: WebAssembly.Module
  readonly phases: readonly { readonly key: string; readonly first: number; readonly count: number }[]
}

interface Compiled {
  readonly module: Promise<WebAssembly.Module>
  readonly first: number
  readonly count: number
}

/** Designs and compiled code of kernels by signature, for one target: neither depends on a plan. */
export class KernelCode {
  readonly shared: boolean
  readonly #designs = new Map<string, KernelDesign>()
  readonly #compiled = new Map<string, Compiled>()

  /** `shared`: whether memories will be shared between threads. */
  constructor(shared: boolean) {
    this.shared = shared
  }

  design(kernel: Kernel, target: Target): KernelDesign {
    const key = `${targetKey(target)} ${kernel.signature}`
    const known = this.#designs.get(key)
    if (known !== undefined) return known
    const design = designKernel(kernel, { target, relaxed: target.features.relaxed === true })
    this.#designs.set(key, design)
    return design
  }

  /** What the engine is told of a kernel. Throws UnsupportedKernel. */
  info(kernel: Kernel, target: Target): KernelInfo {
    const { operandAlign, variants } = this.design(kernel, target)
    const measured = target.costs.measured?.[kernel.signature]
    return {
      operandAlign,
      variants: variants.map(({ workspaceBytes, cost, inPlace }) => ({
        workspaceBytes,
        cost: measured === undefined ? cost : Math.ceil(measured),
        inPlace,
      })),
    }
  }

  /** Modules that hold the requested phases; those that no module has yet are compiled into one. */
  async modules(requests: readonly CodeRequest[], target: Target): Promise<readonly PhaseModule[]> {
    const keyOf = ({ key }: CodeRequest): string => `${targetKey(target)} ${key}`
    const missing = requests.filter(r => !this.#compiled.has(keyOf(r)))
    if (missing.length > 0) {
      const phases = missing.map(r => this.design(r.kernel, target).variants[r.variant]!.phases)
      const relaxed = target.features.relaxed === true
      const module = WebAssembly.compile(encodePhases(phases, { relaxed, shared: this.shared }))
      let first = 0
      for (const [i, request] of missing.entries()) {
        const count = phases[i]!.length
        this.#compiled.set(keyOf(request), { module, first, count })
        first += count
      }
    }
    const byModule = new Map<Promise<WebAssembly.Module>, { key: string; first: number; count: number }[]>()
    for (const request of requests) {
      const { module, first, count } = this.#compiled.get(keyOf(request))!
      const entry = { key: request.key, first, count }
      const list = byModule.get(module)
      if (list === undefined) byModule.set(module, [entry])
      else list.push(entry)
    }
    return Promise.all([...byModule].map(async ([module, phases]) => ({ module: await module, phases })))
  }
}

/** What of the target the code depends on. */
function targetKey(target: Target): string {
  return JSON.stringify(target.features)
}
