import type { Kernel } from '@stint/engine'
import { bytesOf, sizeOf, type TypedArray, viewOf } from '@stint/graph'
import { expect } from 'vitest'
import { designKernel } from '../code.ts'
import { encodePhases, phaseImports } from '../compile.ts'
import type { KernelDesign } from '../design.ts'
import { wasm } from '../wasm.ts'
import { expectSame } from './compare.ts'

const target = await wasm().target()

/** How a kernel is tried: what memory holds before, which variant, by how many parts, whether results replace operands. */
interface Trial {
  readonly pattern: number
  readonly variant: number
  readonly parts: number
  readonly inPlace: boolean
}

/**
 * The results of a kernel. It runs on memory poisoned with two patterns, in one part and in several, in every variant,
 * and with results in the place of operands where that is permitted: always with the same bits, and nothing but results
 * and workspace changes.
 */
export async function runKernel(kernel: Kernel, operands: readonly TypedArray[]): Promise<TypedArray[]> {
  const design = designKernel(kernel, { target, relaxed: false })
  const machine = await Machine.of(kernel, design)
  const first = machine.run(operands, { pattern: 0xff, variant: 0, parts: 1, inPlace: false })
  for (const variant of design.variants.keys())
    for (const trial of [
      { pattern: 0x7f, parts: 1, inPlace: false },
      { pattern: 0xff, parts: 1, inPlace: true },
      { pattern: 0x7f, parts: 2, inPlace: true },
      { pattern: 0xff, parts: 3, inPlace: false },
      { pattern: 0xff, parts: 7, inPlace: false },
    ]) {
      const results = machine.run(operands, { ...trial, variant })
      const what = `${kernel.signature} with ${JSON.stringify({ ...trial, variant })}`
      for (const [i, result] of first.entries()) expectSame(results[i]!, result, what)
    }
  return first
}

type PhaseFunction = (record: number, part: number, parts: number) => void

/** A kernel's phases over a memory large enough for it. */
class Machine {
  readonly #kernel: Kernel
  readonly #design: KernelDesign
  readonly #memory: WebAssembly.Memory
  readonly #variants: readonly (readonly PhaseFunction[])[]

  private constructor(
    kernel: Kernel,
    design: KernelDesign,
    memory: WebAssembly.Memory,
    variants: readonly (readonly PhaseFunction[])[],
  ) {
    this.#kernel = kernel
    this.#design = design
    this.#memory = memory
    this.#variants = variants
  }

  static async of(kernel: Kernel, design: KernelDesign): Promise<Machine> {
    const bytes = [...kernel.operands, ...kernel.results.map(r => r.type)].reduce(
      (n, t) => n + bytesOf(t) + 128,
      4096,
    )
    const workspace = Math.max(...design.variants.map(v => v.workspaceBytes))
    const memory = new WebAssembly.Memory({ initial: Math.ceil((bytes + workspace) / 65536) })
    const phases = design.variants.map(v => v.phases)
    const module = await WebAssembly.compile(encodePhases(phases, { relaxed: false, shared: false }))
    const { exports } = await WebAssembly.instantiate(module, phaseImports(memory))
    let next = 0
    const variants = phases.map(list => list.map(() => exports[`p${next++}`] as PhaseFunction))
    return new Machine(kernel, design, memory, variants)
  }

  run(operands: readonly TypedArray[], { pattern, variant, parts, inPlace }: Trial): TypedArray[] {
    const { workspaceBytes, inPlace: pairs } = this.#design.variants[variant]!
    const kernel = this.#kernel
    let top = 1024
    const take = (bytes: number): number => {
      const at = top
      top += Math.ceil((bytes + 1) / 64) * 64
      return at
    }
    const places = kernel.operands.map(type => take(bytesOf(type)))
    const replaced = new Set<number>()
    const targets = kernel.results.map(({ type }, result) => {
      const pair = inPlace ? pairs.find(([o, r]) => r === result && !replaced.has(o)) : undefined
      if (pair === undefined) return take(bytesOf(type))
      replaced.add(pair[0])
      return places[pair[0]]!
    })
    const workspace = take(workspaceBytes)
    const memory = new Uint8Array(this.#memory.buffer)
    memory.fill(pattern)
    new Int32Array(memory.buffer, 0, 256).set([workspace, ...places, ...targets])
    for (const [i, x] of operands.entries())
      memory.set(new Uint8Array(x.buffer, x.byteOffset, x.byteLength), places[i]!)
    const before = memory.slice()
    for (const phase of this.#variants[variant]!)
      for (let part = parts - 1; part >= 0; part--) phase(0, part, parts)
    const results = kernel.results.map(({ type: { dtype, shape } }, i) =>
      viewOf(dtype, memory.slice(targets[i]!).buffer, 0, sizeOf(shape)),
    )
    for (const [i, { type }] of kernel.results.entries())
      memory.set(before.subarray(targets[i]!, targets[i]! + bytesOf(type)), targets[i]!)
    memory.set(before.subarray(workspace, workspace + workspaceBytes), workspace)
    expect(Buffer.compare(memory, before), `${kernel.signature} writes elsewhere`).toBe(0)
    return results
  }
}
