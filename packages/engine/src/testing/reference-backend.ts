import { bytesOf, evaluateNode, opDef, sizeOf, type Type, type TypedArray, viewOf } from '@stint/graph'
import type { Arena, Backend, KernelInfo, Runner, Target } from '../backend.ts'
import { inPlacePairs } from '../kernel/in-place.ts'
import { type Kernel, localTypes } from '../kernel/kernel.ts'
import { lower } from '../kernel/lower.ts'
import { isKernelStep, type KernelStep, type Program } from '../program/program.ts'

const page = 65536

const target: Target = {
  backend: 'reference',
  numerics: 1,
  threads: 1,
  align: 64,
  features: {},
  costs: { step: 100, flop: { any: 1 }, bytes: 4 },
}

/** How a test may spoil a backend: what it declares of kernels, or what a step does to the arena. */
export interface Sabotage {
  info?(kernel: Kernel, info: KernelInfo): KernelInfo
  run?(context: {
    readonly memory: Uint8Array
    readonly step: KernelStep
    readonly kernel: Kernel
    readonly index: number
    readonly program: Program
    compute(): void
  }): void
}

/** Runs each kernel node by node through the graph's evaluator: slow, and as plain as can be. For tests of the engine. */
export function referenceBackend(sabotage: Sabotage = {}): Backend {
  return {
    name: 'reference',
    target: async () => target,
    prepare: (kernels, { costs }) =>
      kernels.map(k => {
        const info = infoOf(k, costs.measured?.[k.signature])
        return sabotage.info?.(k, info) ?? info
      }),
    open: async arenaBytes => new ReferenceArena(arenaBytes, sabotage),
  }
}

function infoOf(kernel: Kernel, measured?: number): KernelInfo {
  const types = localTypes(kernel.operands, kernel.body)
  const bytes = [...kernel.operands, ...kernel.results.map(r => r.type)].reduce((n, t) => n + bytesOf(t), 0)
  const flops = kernel.body.reduce(
    (n, node) =>
      n +
      opDef(node.op).flops(
        node.inputs.map(i => types[i]!),
        node.types,
        node.attrs,
      ),
    0,
  )
  const { step, bytes: rate } = target.costs
  return {
    operandAlign: kernel.operands.map(() => target.align),
    variants: [
      {
        workspaceBytes: 0,
        cost: measured ?? Math.ceil(step + flops + bytes / rate),
        inPlace: inPlacePairs(kernel, lower(kernel)),
      },
    ],
  }
}

class ReferenceArena implements Arena {
  readonly memory: Uint8Array
  readonly #sabotage: Sabotage

  constructor(arenaBytes: number, sabotage: Sabotage) {
    this.memory = new Uint8Array(Math.ceil(arenaBytes / page) * page)
    this.#sabotage = sabotage
  }

  get heldBytes(): number {
    return this.memory.buffer.byteLength
  }

  async load(program: Program): Promise<Runner> {
    const step = (index: number): void => {
      const at = program.steps[index]!
      if (!isKernelStep(at)) return
      try {
        this.#step(program, at, index)
      } catch (error) {
        throw Object.assign(error as Error, { step: index })
      }
    }
    return {
      run: async () => {
        for (const i of program.steps.keys()) step(i)
      },
      step: async ([index]) => step(index!),
    }
  }

  #step(program: Program, step: KernelStep, index: number): void {
    const kernel = program.kernels[step.kernel]!
    const compute = (): void => this.#compute(kernel, step)
    const run = this.#sabotage.run
    if (run === undefined) compute()
    else run({ memory: this.memory, step, kernel, index, program, compute })
  }

  #compute(kernel: Kernel, step: KernelStep): void {
    const places = step.args as readonly number[]
    const values: { type: Type; data: TypedArray }[] = kernel.operands.map((type, i) => ({
      type,
      data: this.#view(type, places[i]!).slice(),
    }))
    for (const node of kernel.body) {
      const results = evaluateNode(
        node,
        node.inputs.map(i => values[i]!),
      )
      for (const [i, data] of results.entries()) values.push({ type: node.types[i]!, data })
    }
    for (const [i, { type, local }] of kernel.results.entries())
      this.#view(type, places[kernel.operands.length + i]!).set(values[local]!.data)
  }

  #view(type: Type, at: number): TypedArray {
    return viewOf(type.dtype, this.memory.buffer, at, sizeOf(type.shape))
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.memory.set(bytes, offset)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.memory.slice(offset, offset + length)
  }

  async close(): Promise<void> {}
}
